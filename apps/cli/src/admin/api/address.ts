import { UsageError } from '../../command.ts';

/** Requests to these addresses cross no network. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The address of the admin API, without a trailing slash. The key is sent there, so unencrypted only within this machine. */
export function adminAddress(given: string, env: NodeJS.ProcessEnv): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(
      'The address of the admin API must start with https://, or with http:// for this machine.',
    );
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new UsageError('The address of the admin API must have no login, query or fragment.');
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname))
    throw new UsageError(
      `The key would travel in clear to ${url.hostname}: use https://, or a tunnel that ends on this machine.`,
    );
  if (url.protocol === 'https:' && env.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    throw new UsageError(
      'NODE_TLS_REJECT_UNAUTHORIZED=0 would give the key to anybody who answers. Set NODE_EXTRA_CA_CERTS to your CA instead.',
    );
  return url.href.replace(/\/+$/, '');
}
