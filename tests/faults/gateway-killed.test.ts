import { expect } from '@jest/globals';
import { useConstellation } from '../support/stack.ts';
import {
  expectPromisesKept,
  firstDelivery,
  ms,
  openCompany,
  report,
  startTraffic,
} from '../support/traffic.ts';

const stack = useConstellation({ gateways: 2, deliveries: 2, redis: 'own', postgres: 'own' });
const { test } = stack;

test('a gateway that is killed takes no message with it: its clients go on at the other one', async () => {
  const traffic = await startTraffic(await openCompany(stack));
  const [doomed] = stack.constellation.gateways;
  const orphans = traffic.talkers.filter(({ gateway }) => gateway === 0);
  const sessions = new Set(orphans.map(({ client }) => client.login?.ready.session_id));

  const strike = await traffic.strike(() => doomed!.kill('SIGKILL'), orphans);
  expect(doomed!.isRunning).toBe(false);
  await traffic.end();

  const figures = await expectPromisesKept(stack, traffic, strike);
  const logins = orphans.map(({ client }) => client.login);
  expect(logins.map((login) => typeof login?.hello.resume)).toEqual(orphans.map(() => 'string'));
  expect(logins.filter((login) => sessions.has(login?.ready.session_id))).toEqual([]);
  const devices = new Set(orphans.map(({ client }) => client.device.address));
  const firstMs = await firstDelivery(stack, traffic, strike, ({ device }) => devices.has(device));
  report('gateway killed', `${figures}; first delivery to one of its clients after ${ms(firstMs)}`);
}, 120_000);
