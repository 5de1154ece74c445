import { expect } from '@jest/globals';
import { type ChatClient, History, type Recorded } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { expectPromisesKept, openCompany, report, type Strike, startTraffic } from '../support/traffic.ts';

/** Long enough to tell clients that are told one after the other from clients that are told at once. */
const DRAIN_MS = 6_000;
/** People on each gateway who say nothing: it is their coming back that is looked at. */
const QUIET_PEOPLE = 20;

const stack = useConstellation({
  auths: 1,
  deliveries: 2,
  presences: 1,
  files: 1,
  pushes: 1,
  gateways: 2,
  env: { gateway: { GATEWAY_DRAIN_MS: String(DRAIN_MS) } },
});
const { test } = stack;

/**
 * A new release of every process, as a deployment brings it: one process after the other, under load. What a second
 * peak would be is known from the clients: somebody who has to come back twice, or comes in vain.
 */
test('every process is restarted in turn under load: nothing acked is lost, clients come back once, spread over the drain', async () => {
  const { auths, deliveries, presences, files, pushes, gateways } = stack.constellation;
  const crowd = await openCrowd();
  const traffic = await startTraffic(await openCompany(stack));

  for (const process of [auths, presences, deliveries, files, pushes].flat()) {
    const comings = await crowd.comingsDuring(async () => {
      await process.restart();
      await traffic.goOn();
    });
    expect({ process: process.name, comings }).toEqual({ process: process.name, comings: [] });
  }

  const back = async (restart: () => Promise<unknown>, people: number): Promise<string> => {
    const comings = await crowd.comingsDuring(async () => {
      await restart();
      await traffic.goOn();
      await Promise.all(crowd.clients.map((client) => client.live()));
    });
    return expectSpread(comings, people);
  };
  const [first, second] = gateways;
  const onFirst = traffic.talkers.filter(({ gateway }) => gateway === 0);
  let strike: Strike | undefined;
  const strikeFirst = async (): Promise<void> => {
    strike = await traffic.strike(() => first!.restart(), onFirst);
  };
  // everybody is on the second gateway when the first is gone
  const figures = [
    await back(strikeFirst, QUIET_PEOPLE),
    await back(() => second!.restart(), 2 * QUIET_PEOPLE),
  ];
  await traffic.end();

  // with what each said at its end, and the others while it was away
  for (const { name, log } of [auths, presences, deliveries, files, pushes, gateways].flat())
    expect({ name, errors: log.filter(isError) }).toEqual({ name, errors: [] });
  report('each process restarted in turn', await expectPromisesKept(stack, traffic, strike!));
  for (const figure of figures) report('gateway drained', figure);
}, 240_000);

const isError = (line: string): boolean => /"level":"(error|fatal)"/.test(line) || !line.startsWith('{');

type Coming = Extract<Recorded, { type: 'connection' }>;

async function openCrowd() {
  const history = new History();
  const open = async (index: number): Promise<ChatClient> => {
    const person = await stack.person('quiet', { devices: 1 });
    return stack.open(person, { where: index % 2, history });
  };
  const clients = await Promise.all(Array.from({ length: 2 * QUIET_PEOPLE }, (_, index) => open(index)));
  return {
    clients,
    /** Connections that came about, and those that did not. */
    async comingsDuring(work: () => Promise<unknown>): Promise<Coming[]> {
      const before = history.events.length;
      await work();
      return history.events
        .slice(before)
        .filter((event): event is Coming => event.type === 'connection' && event.phase !== 'down');
    },
  };
}

/** Returns figures. */
function expectSpread(comings: readonly Coming[], people: number): string {
  const devices = comings.map(({ device }) => device);
  expect(comings.filter(({ phase }) => phase === 'failed')).toEqual([]);
  expect(devices.toSorted()).toEqual([...new Set(devices)].toSorted());
  expect(devices.length).toBe(people);
  const times = comings.map(({ at_ms }) => at_ms).sort((a, b) => a - b);
  const tookMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  expect(tookMs).toBeGreaterThan(DRAIN_MS / 2);
  const busiest = Math.max(
    ...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length),
  );
  const planned = (people * 1_000) / DRAIN_MS;
  return `${people} came back once each within ${Math.round(tookMs)} ms; in the busiest second ${busiest}, planned ${planned.toFixed(1)}`;
}
