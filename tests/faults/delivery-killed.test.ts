import { expect } from '@jest/globals';
import { until } from '@securechat/testkit';
import { cursorsOf } from '../support/database.ts';
import { ownersOf, streamsOf } from '../support/partitions.ts';
import { useConstellation } from '../support/stack.ts';
import {
  expectPromisesKept,
  firstDelivery,
  ms,
  openCompany,
  report,
  startTraffic,
} from '../support/traffic.ts';

const stack = useConstellation({
  ...{ gateways: 2, deliveries: 2, redis: 'own', postgres: 'own' },
  // one has everything, and what the other has to take over is all there is
  env: { delivery: { DELIVERY_SPREAD_ABOVE_PERCENT: '100' } },
});
const { test } = stack;

/** The lease of a dead worker ends after at most 3 s, and half a second later somebody has looked. */
const FIRST_DELIVERY_WITHIN_MS = 5_000;

test('the partitions of a delivery process that is killed are taken over within seconds', async () => {
  const company = await openCompany(stack);
  const streams = await streamsOf(stack, company.talkers);
  const [doomed, survivor] = await ownersOf(stack, company.talkers, streams, 1);
  const traffic = await startTraffic(company);

  const strike = await traffic.strike(() => doomed.process.kill('SIGKILL'), doomed.talkers);
  await traffic.end();

  const figures = await expectPromisesKept(stack, traffic, strike);
  const fences = new Map(doomed.cursors.map(({ stream, fence }) => [stream, fence]));
  const after = await until('the survivor has all', async () => {
    const cursors = await cursorsOf(stack);
    return cursors.every(({ owner }) => owner === survivor?.worker) && cursors;
  });
  const taken = after.filter(({ stream, fence }) => fence === (fences.get(stream) ?? fence) + 1);
  expect(taken.map(({ stream }) => stream)).toEqual([...fences.keys()]);

  const firstMs = await firstDelivery(stack, traffic, strike, (arrival) =>
    doomed.conversations.has(arrival.conversation_id),
  );
  report(
    'delivery killed',
    `${figures}; ${taken.length} partitions taken over, first delivery from one of them after ${ms(firstMs)}`,
  );
  expect(firstMs).toBeLessThanOrEqual(FIRST_DELIVERY_WITHIN_MS);
}, 120_000);
