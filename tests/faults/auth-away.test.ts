import { expect } from '@jest/globals';
import {
  type ChatClient,
  checkHistory,
  History,
  LoginRefused,
  type Person,
  until,
} from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { ms, report } from '../support/traffic.ts';

const stack = useConstellation({
  gateways: 2,
  deliveries: 2,
  redis: 'own',
  postgres: 'own',
  // all of them come from one address
  env: { gateway: { GATEWAY_CONNECTIONS_PER_IP: '300' } },
});
const { test } = stack;

const CLIENTS = 100;
const AT_ONCE = 20;
const RESUMED_WITHIN_MS = 30_000;

test('a hundred clients whose gateway dies go on at the other one by ticket while auth is dead', async () => {
  const history = new History();
  const clients = await openClients(history);
  const pairs = clients.flatMap((client, index) =>
    index % 2 === 0 ? [{ client, peer: clients[index + 1]! }] : [],
  );
  const conversations = await inTurns(pairs, ({ client, peer }) => client.groups.createDirect(peer.person));
  const sessions = new Set(clients.map(sessionOf));
  const stranger = await stack.person('stranger', { devices: 1 });

  const { auths, gateways } = stack.constellation;
  // auth may have been too busy with these hundred to say who is revoked, and without that no ticket counts
  await until('tickets count', async () => {
    const metrics = await gateways[1]!.metrics();
    return metrics.sum('securechat_gateway_revocations_age_seconds') < 4;
  });
  await auths[0]!.kill('SIGKILL');
  const killedAtMs = performance.now();
  await gateways[0]!.kill('SIGKILL');
  const refused = expectNoFullLogin(stranger);
  await until(
    'all clients are at the other gateway',
    () => clients.every((client) => client.mailbox.isLive && !sessions.has(sessionOf(client))),
    RESUMED_WITHIN_MS,
  );
  const resumedMs = performance.now() - killedAtMs;
  await refused;
  expect(clients.map(({ login }) => typeof login?.hello.resume)).toEqual(clients.map(() => 'string'));
  expect((await gateways[1]!.metrics()).sum('securechat_gateway_logins_total', { by: 'ticket' })).toBe(
    CLIENTS,
  );

  const sent = pairs.map(({ client }, index) => client.sendChat(conversations[index]!, 'still here?'));
  const acks = await Promise.all(sent);
  await Promise.all(pairs.map(({ peer }, index) => peer.receive(({ id }) => id === acks[index]?.ref)));
  expect(checkHistory(history.events)).toEqual([]);

  // with a ticket or without: who comes now is served again
  await auths[0]!.restart();
  await until('a full login works again', () => stack.login(stranger, { where: 1 }).then(() => true));
  report(
    'auth dead, gateway killed',
    `${CLIENTS} of ${CLIENTS} clients resumed by ticket within ${ms(resumedMs)}; ` +
      'a full login was answered 2002 and closed with 4006',
  );
}, 120_000);

const sessionOf = ({ login }: ChatClient): string | undefined => login?.ready.session_id;

function openClients(history: History): Promise<ChatClient[]> {
  return inTurns(Array.from({ length: CLIENTS }), async () => {
    const person = await stack.person('user', { devices: 1 });
    return stack.open(person, { where: 0, history });
  });
}

async function expectNoFullLogin(person: Person): Promise<void> {
  const client = await stack.connect(1);
  const { serviceKey } = stack.constellation;
  const login = { person, device: person.device(0), serviceKey, deadlineMs: 15_000 };
  const refusal = await client.login(login).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(LoginRefused);
  const { answer } = refusal as LoginRefused;
  expect(answer).toMatchObject({ code: 2002, error_code: 'SERVER_UNAVAILABLE' });
  expect(answer.retry_after_ms).toBeGreaterThan(0);
  expect((await client.end()).code).toBe(4006);
}

/** Results of `work` for all items, in their order, a few at the same time. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  }
  return results;
}
