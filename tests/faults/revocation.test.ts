import { setTimeout as wait } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { SignedDeviceList } from '@securechat/protocol';
import {
  askRedis,
  enrol,
  LoginRefused,
  type Person,
  personNamed,
  revokeDevice,
  rowsOf,
  until,
} from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { ms, report } from '../support/traffic.ts';

const stack = useConstellation({ gateways: 2, deliveries: 1, auths: 1, redis: 'own' });
const { test } = stack;

/** From the answer to a revocation until the last gateway has acted on it. */
const PROMISE_MS = 5_000;
const [PHONE, LAPTOP, TABLET] = [0, 1, 2];

/** A person with three devices, and a ticket of each. */
async function newPerson(
  name: string,
): Promise<{ person: Person; list: SignedDeviceList; tickets: string[] }> {
  const person = personNamed(name, { devices: 3 });
  const list = await enrol(stack.constellation.authUrl, person);
  const tickets: string[] = [];
  for (const device of [PHONE, LAPTOP, TABLET]) {
    const { client, ready } = await stack.login(person, { device });
    tickets.push(ready.resume_ticket);
    client.destroy();
  }
  return { person, list, tickets };
}

/** Resolves with the number of the error by which a login by ticket is refused; 0 when it is not. */
async function codeOf(login: Promise<unknown>): Promise<number> {
  const refusal = await login.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (refusal === undefined) return 0;
  if (!(refusal instanceof LoginRefused)) throw new Error('neither in nor refused', { cause: refusal });
  return refusal.answer.code;
}

async function ofGateways(name: string, labels = {}): Promise<number[]> {
  const pages = await Promise.all(stack.constellation.gateways.map((gateway) => gateway.metrics()));
  return pages.map((page) => page.sum(name, labels));
}

const loginsByTicket = () => ofGateways('securechat_gateway_logins_total', { by: 'ticket' });

test('a revoked device is out within 5 s on every gateway, whatever has become of auth and Redis; nobody else is', async () => {
  const { person, list, tickets } = await newPerson('revoker');
  const resume = (device: number, where: number) =>
    stack.login(person, { device, where, ticket: tickets[device], deadlineMs: 15_000 });
  const phone = await resume(PHONE, 1);
  const laptop = await resume(LAPTOP, 0);
  const { authUrl, auths, stores } = stack.constellation;

  const shorter = await revokeDevice(authUrl, person, person.device(PHONE), list);
  await revokeDevice(authUrl, person, person.device(LAPTOP), shorter);
  await auths[0]!.kill('SIGKILL');
  const answeredMs = performance.now();
  const ends = await Promise.all([phone.client.end(), laptop.client.end()]);
  const outMs = performance.now() - answeredMs;
  expect(ends.map(({ code }) => code)).toEqual([4505, 4505]);
  expect(outMs).toBeLessThan(PROMISE_MS);

  // who is not revoked goes on by ticket; who is, would need a full login, which nobody answers
  const before = await loginsByTicket();
  for (const where of [0, 1]) await resume(TABLET, where);
  expect(await loginsByTicket()).toEqual(before.map((count) => count + 1));
  const revoked = [resume(PHONE, 0), resume(PHONE, 1), resume(LAPTOP, 0), resume(LAPTOP, 1)].map(codeOf);
  await wait(500);

  await askRedis(stores.redisUrl, 'FLUSHALL');
  await until('both gateways miss the set', async () =>
    (await ofGateways('securechat_gateway_revocations_age_seconds')).every((seconds) => seconds === Infinity),
  );
  const afterFlush = [resume(PHONE, 0), resume(LAPTOP, 1), resume(TABLET, 0), resume(TABLET, 1)].map(codeOf);
  expect(await Promise.all([...revoked, ...afterFlush])).toEqual(Array(8).fill(2002));

  await auths[0]!.restart();
  const then = await loginsByTicket();
  await until('tickets are taken again at both gateways', async () => {
    for (const where of [0, 1]) await resume(TABLET, where);
    return (await loginsByTicket()).every((count, index) => count > then[index]!);
  });
  expect(await Promise.all([resume(PHONE, 0), resume(LAPTOP, 1)].map(codeOf))).toEqual([1001, 1001]);
  report('revocation', `out at both gateways ${ms(outMs)} after the answer, with auth killed`);
}, 60_000);

test('a revocation that was committed by an auth that died is told by the next one, also to a Redis that came back empty', async () => {
  const { person, tickets } = await newPerson('unlucky');
  const { auths, stores } = stack.constellation;
  const phone = await stack.login(person, { device: PHONE, where: 1 });
  const tablet = await stack.login(person, { device: TABLET, where: 0 });

  await auths[0]!.kill('SIGKILL');
  // as if it had died between its COMMIT and its word to Redis
  await rowsOf(
    stores.postgresUrl,
    `UPDATE auth.devices d SET revoked_at = clock_timestamp() FROM auth.users u
      WHERE u.id = d.user_id AND u.ext_id = $1 AND d.ext_id = $2`,
    [person.id, person.device(PHONE).id],
  );
  await stores.ownRedis!.end('SIGKILL');
  await stores.ownRedis!.startEmpty();
  await auths[0]!.restart();
  const backMs = performance.now();
  expect((await phone.client.end()).code).toBe(4505);
  expect(performance.now() - backMs).toBeLessThan(PROMISE_MS);
  const codes: number[] = [];
  for (const where of [0, 1]) {
    // a question may be lost while everybody finds the new Redis; whoever asks again gets the answer
    await until(
      'the phone is refused',
      async () => {
        codes.push(await codeOf(stack.login(person, { device: PHONE, where, ticket: tickets[PHONE] })));
        return codes.at(-1) === 1001;
      },
      20_000,
    );
  }
  expect(codes).not.toContain(0);
  expect(tablet.client.isOpen).toBe(true);
}, 60_000);
