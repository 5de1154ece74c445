import { expect, test } from '@jest/globals';
import { ConfigError } from '@securechat/kernel';
import { readGatewayConfig } from './read-config.ts';

const read = (given: object) => () => readGatewayConfig({ REDIS_URL: 'redis://127.0.0.1', ...given });

test('the PROXY protocol needs a proxy that is trusted', () => {
  for (const name of ['GATEWAY_WS_PROXY_PROTOCOL', 'GATEWAY_TCP_PROXY_PROTOCOL']) {
    expect(read({ [name]: 'true' })).toThrow('only from a proxy that GATEWAY_TRUSTED_PROXIES names');
    expect(read({ [name]: 'true', GATEWAY_TRUSTED_PROXIES: '10.0.0.1' })).not.toThrow();
  }
});

test('a certificate has its key, or there is no TLS', () => {
  const both = { GATEWAY_TLS_CERT_FILE: '/tls/cert.pem', GATEWAY_TLS_KEY_FILE: '/tls/key.pem' };
  expect(read(both)).not.toThrow();
  for (const [name, file] of Object.entries(both))
    expect(read({ [name]: file })).toThrow('belong together: one of them is missing');
});

test('a process has time to send its clients away before it is ended', () => {
  expect(read({ GATEWAY_DRAIN_MS: '30s', SHUTDOWN_GRACE_MS: '36999' })).toThrow('it must be at least 37000');
  expect(read({ GATEWAY_DRAIN_MS: '30s', SHUTDOWN_GRACE_MS: '37000' })).not.toThrow();
});

test('all faults are told at once, and of an option that is wrong in itself nothing more', () => {
  const faulty = read({ GATEWAY_DRAIN_MS: 'soon', GATEWAY_TRUSTED_PROXIES: 'proxy.local' });
  expect(faulty).toThrow(ConfigError);
  expect(faulty).toThrow('The environment has 2 fault(s)');
  const both = read({ GATEWAY_WS_PORT: '70000', GATEWAY_WS_PROXY_PROTOCOL: 'true' });
  expect(both).toThrow('The environment has 2 fault(s)');
  expect(both).toThrow('GATEWAY_TRUSTED_PROXIES');
});
