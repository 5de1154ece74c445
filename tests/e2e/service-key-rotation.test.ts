import { randomBytes } from 'node:crypto';
import { expect, jest } from '@jest/globals';
import { followHandovers } from '@securechat/crypto/service-keys';
import { keyId, signingKeyFromSeed } from '@securechat/crypto/sign';
import type { Handover } from '@securechat/protocol';
import { type Person, ServerNotProved, type ServiceKeyPins, until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';

const [oldSeed, newSeed] = [randomBytes(32), randomBytes(32)];
const [oldKey, newKey] = [signingKeyFromSeed(oldSeed).publicKey, signingKeyFromSeed(newSeed).publicKey];
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const stack = useConstellation({
  gateways: 1,
  deliveries: 1,
  env: {
    auth: { AUTH_SERVICE_KEY: text(oldSeed) },
    gateway: { GATEWAY_CERTIFICATE_RENEW_MS: '100' },
  },
});
const { test } = stack;

type Client = { person: Person; serviceKey: ServiceKeyPins; ticket: string | undefined };

async function someone(name: string): Promise<Client> {
  return { person: await stack.person(name), serviceKey: { keys: [oldKey] }, ticket: undefined };
}

/** Logs in as clients do, with what they have kept; the connection stays open. */
async function comeOnline(client: Client) {
  const { person, serviceKey, ticket } = client;
  const login = await stack.login(person, { serviceKey, ticket });
  client.ticket = login.ready.resume_ticket;
  return login;
}

/** Another configuration of auth; resolves when the gateway has its certificate from there. */
async function changeKeys(keys: { current: Buffer; next?: Buffer; previous?: Buffer }): Promise<void> {
  await stack.constellation.auths[0]!.restart(undefined, {
    AUTH_SERVICE_KEY: text(keys.current),
    AUTH_SERVICE_KEY_NEXT: keys.next ? text(keys.next) : '',
    AUTH_SERVICE_KEY_PREVIOUS: keys.previous ? text(keys.previous) : '',
  });
  const watcher = await stack.person('watcher');
  const expected = keyId(signingKeyFromSeed(keys.current).publicKey);
  const count = (keys.next ? 1 : 0) + (keys.previous ? 1 : 0);
  await until('the gateway has the new certificate', async () => {
    const client = await stack.connect();
    const { serverHello } = await client.login({ person: watcher, device: watcher.device(0) });
    client.destroy();
    const { server_cert, handovers = [] } = serverHello;
    return server_cert.service_key_id === expected && handovers.length === count;
  });
}

async function published(): Promise<{
  service_keys: { id: string; state: string }[];
  handovers: Handover[];
}> {
  return (await fetch(`${stack.constellation.authUrl}/.well-known/securechat`)).json() as ReturnType<
    typeof published
  >;
}

const loginsBy = async (by: string): Promise<number> =>
  (await stack.constellation.gateways[0]!.metrics()).sum('securechat_gateway_logins_total', { by });

/** Auth and the gateway's certificate change three times. */
jest.setTimeout(120_000);

test('the service key changes, and clients follow by themselves as long as both keys are there', async () => {
  const [online, away, informed, late] = await Promise.all([
    someone('online'),
    someone('away'),
    someone('informed'),
    someone('late'),
  ]);
  for (const client of [online, away, informed, late]) await comeOnline(client);
  const open = (await comeOnline(online)).client;

  await changeKeys({ current: oldSeed, next: newSeed });
  await comeOnline(informed);
  expect(informed.serviceKey.keys.map(text)).toEqual([oldKey, newKey].map(text));
  const { service_keys } = await published();
  expect(service_keys.map(({ state }) => state)).toEqual(['current', 'next']);

  await changeKeys({ current: newSeed, previous: oldSeed });
  // the open connection did not notice
  open.send('ping', { type: 'ping', timestamp: 0, sequence: 1 });
  await open.next('pong');
  for (const client of [online, away]) {
    const { ticket } = client;
    // as soon as auth, which has been restarted, has told whom it revoked; a ticket of the old key spares the question
    await until('a ticket of the old key is taken', async () => {
      const before = await loginsBy('ticket');
      await comeOnline({ ...client, ticket });
      return (await loginsBy('ticket')) > before;
    });
    expect(client.serviceKey.keys.map(text)).toEqual([oldKey, newKey].map(text));
  }
  // and whoever asks auth instead of a gateway comes to the same key
  const { handovers } = await published();
  expect(followHandovers([oldKey], handovers).map(text)).toEqual([oldKey, newKey].map(text));

  await changeKeys({ current: newSeed });
  for (const client of [online, away, informed]) {
    await comeOnline(client);
    expect(client.serviceKey.keys.map(text)).toEqual([text(newKey)]);
  }
  const refused = comeOnline(late);
  await expect(refused).rejects.toThrow(ServerNotProved);
  await expect(refused).rejects.toMatchObject({ because: 'unknown_service_key' });
});
