import { useConstellation } from '../support/stack.ts';
import { expectPromisesKept, openCompany, report, startTraffic } from '../support/traffic.ts';

const stack = useConstellation({ gateways: 2, deliveries: 2, redis: 'own sentinel' });
const { test } = stack;

test('when the master behind Sentinel is killed under load its replica takes over, and nothing acked is lost', async () => {
  const company = await openCompany(stack);
  const traffic = await startTraffic(company);
  const { ownSentinel } = stack.constellation.stores;
  const strike = await traffic.strike(() => ownSentinel!.failOver());
  await traffic.end();
  report('Redis failed over by Sentinel', await expectPromisesKept(stack, traffic, strike));
}, 240_000);
