import { expect } from '@jest/globals';
import { until } from '@securechat/testkit';
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

/** What was committed before may still be on its way to its sender for this long. */
const ANSWERS_ARRIVE_WITHIN_MS = 1_000;
const AWAY_MS = 2_500;

test('a Postgres that is stopped at once and started again has a row for every ack, and loses none', async () => {
  const traffic = await startTraffic(await openCompany(stack));
  const { ownPostgres } = stack.constellation.stores;

  const away = { fromMs: 0, fromWallMs: 0, toMs: 0 };
  const strike = await traffic.strike(async () => {
    await ownPostgres!.end('SIGQUIT');
    Object.assign(away, { fromMs: performance.now(), fromWallMs: Date.now() });
    await until('Postgres was away for a while', () => performance.now() - away.fromMs >= AWAY_MS);
    away.toMs = performance.now();
    await ownPostgres!.start();
  });
  const backAtMs = performance.now();
  await traffic.end();

  const figures = await expectPromisesKept(stack, traffic, strike);
  const acksMeanwhile = traffic.history.events.filter(
    (event) =>
      event.type === 'send' &&
      event.phase === 'ok' &&
      event.at_ms > away.fromMs + ANSWERS_ARRIVE_WITHIN_MS &&
      event.at_ms < away.toMs,
  );
  expect(acksMeanwhile).toEqual([]);
  const firstMs = await firstDelivery(stack, traffic, { ...strike, doneWallMs: away.fromWallMs });
  report(
    'Postgres stopped at once',
    `${figures}; Postgres was away for ${ms(backAtMs - strike.atMs)}, first delivery after ${ms(firstMs)}`,
  );
}, 120_000);
