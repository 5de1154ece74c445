import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createLogger } from '@securechat/kernel';
import type { PresenceStatus } from '@securechat/protocol';
import { type Answer, WATCH_RENEW_MS } from '@securechat/protocol/internal';
import type { Connection } from '../connection/connection.ts';
import { Hub } from '../connection/hub.ts';
import type { Requests } from '../streams/requests.ts';
import { sessionOf } from '../testing/context.ts';
import { Standing } from './standing.ts';
import { createTeller, type Teller } from './teller.ts';
import { createWatchers, type Watchers } from './watchers.ts';

type State = [user: number, status: PresenceStatus];
type Client = Connection & { told: string[] };

let hub: Hub;
let teller: Teller;
let watchers: Watchers;
let waits: number;
/** Unanswered questions to presence. */
let asked: { names: string[]; answer: (answer: Answer<'presence', 'watch'>) => void; fail(): void }[];
/** Advances the clock without firing timers, as slow work does. */
let lagMs = 0;
const monotonicMs = (): number => performance.now() + lagMs;

function start(perSecond: number): void {
  hub = new Hub();
  asked = [];
  waits = 0;
  teller?.stop();
  teller = createTeller({ perSecond, monotonicMs, metrics: { presenceWaits: () => void waits++ } });
  const ask = (_: string, { names }: { names: string[] }) =>
    new Promise<Answer<'presence', 'watch'>>((answer, reject) =>
      asked.push({ names, answer, fail: () => reject(new Error('away')) }),
    );
  const requests = { askPresence: ask as Requests['askPresence'] };
  const logger = createLogger({ service: 'gateway', instance: 'test', level: 'silent' });
  watchers = createWatchers({ hub, requests, teller, monotonicMs, logger });
  teller.start();
}

beforeEach(() => {
  lagMs = 0;
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  start(2_000);
});
afterEach(() => {
  teller.stop();
  jest.useRealTimers();
});

/** Device `number` of the user of the same number, logged in here. */
function client(number: number): Client {
  const told: string[] = [];
  const connection = {
    ...{ told, session: sessionOf(number, number), standing: new Standing(), state: 'ready' },
    bufferedBytes: 0,
    send: (_: string, { user_id, status }: { user_id: string; status: string }) =>
      void told.push(`${user_id} ${status}`),
  } as unknown as Client;
  hub.addDevice(number, connection);
  return connection;
}

/** Answers the oldest question with these states of users 7, 8 …, called user-7, user-8 …. */
async function answer(at: number, ...states: State[]): Promise<void> {
  asked.shift()?.answer({
    at,
    states: states.map(([user, status]) => ({ user, user_id: `user-${user}`, status })),
  });
  await new Promise((resolve) => setImmediate(resolve));
}

async function watch(connection: Client, at: number, ...states: State[]) {
  const answered = watchers.watch(connection, ['user-7', 'user-8']);
  await answer(at, ...states);
  return (await answered).map(({ user_id, status }) => `${user_id} ${status}`);
}

const pass = (ms: number): void => void jest.advanceTimersByTime(ms);

describe('a connection is told', () => {
  test('how those are whom it may see, and of each change once', async () => {
    const alice = client(1);
    expect(await watch(alice, 10, [7, 'online'])).toEqual(['user-7 online']);
    watchers.told(11, [
      [7, 'away'],
      [8, 'online'],
    ]);
    pass(100);
    watchers.told(12, [[7, 'away']]);
    pass(100);
    expect(alice.told).toEqual(['user-7 away']);
  });

  test('only the newest of what changes quickly, and nothing when all is as before', async () => {
    const alice = client(1);
    await watch(alice, 10, [7, 'online'], [8, 'offline']);
    watchers.told(11, [[7, 'away']]);
    watchers.told(12, [[7, 'online']]);
    watchers.told(13, [[8, 'busy']]);
    watchers.told(14, [[8, 'away']]);
    pass(100);
    expect(alice.told).toEqual(['user-8 away']);
  });

  test('nothing that was overtaken by something newer', async () => {
    const alice = client(1);
    await watch(alice, 10, [7, 'offline']);
    watchers.told(12, [[7, 'online']]);
    watchers.told(11, [[7, 'busy']]);
    pass(100);
    expect(alice.told).toEqual(['user-7 online']);
  });

  test('what came while its question was on the way and is newer than the answer', async () => {
    const alice = client(1);
    const answered = watchers.watch(alice, ['user-7']);
    watchers.told(11, [[7, 'online']]);
    await answer(10, [7, 'offline']);
    expect(await answered).toMatchObject([{ user_id: 'user-7', status: 'online' }]);
  });

  test('nothing after it has gone, or watches somebody else', async () => {
    const [alice, bob] = [client(1), client(2)];
    await watch(alice, 10, [7, 'offline']);
    await watch(bob, 10, [7, 'offline']);
    watchers.leave(alice);
    await watch(bob, 11, [8, 'offline']);
    watchers.told(12, [[7, 'online']]);
    pass(100);
    expect([alice.told, bob.told]).toEqual([[], []]);
  });
});

describe('who may see somebody', () => {
  test('is asked again from time to time: who may not any more sees them go', async () => {
    const alice = client(1);
    await watch(alice, 10, [7, 'online']);
    pass(WATCH_RENEW_MS);
    watchers.sweep(monotonicMs());
    expect(asked.map(({ names }) => names)).toEqual([['user-7', 'user-8']]);
    await answer(20, [8, 'busy']);
    pass(100);
    expect(alice.told.sort()).toEqual(['user-7 offline', 'user-8 busy']);
    watchers.told(21, [[7, 'away']]);
    pass(100);
    expect(alice.told).toHaveLength(2);
  });

  test('is asked at once when it has changed, and until then nothing is told of them', async () => {
    const [alice, bob] = [client(1), client(2)];
    await watch(alice, 10, [7, 'online']);
    await watch(bob, 10, [7, 'online']);
    watchers.told(11, [[7, 'away']]);
    watchers.recheck(7, [1]);
    watchers.told(12, [[7, 'busy']]);
    pass(100);
    expect([alice.told, bob.told]).toEqual([[], ['user-7 busy']]);
    watchers.sweep(monotonicMs());
    expect(asked).toHaveLength(1);
    await answer(20);
    pass(100);
    expect(alice.told).toEqual(['user-7 offline']);
  });

  test('is asked once more when the answer may be from before it changed', async () => {
    const alice = client(1);
    const answered = watchers.watch(alice, ['user-7']);
    watchers.recheck(7, undefined);
    await answer(10, [7, 'online']);
    await answered;
    pass(1_000);
    watchers.sweep(monotonicMs());
    expect(asked).toHaveLength(1);
  });

  test('is asked later when presence does not answer, and after Redis was lost', async () => {
    const alice = client(1);
    await watch(alice, 10, [7, 'online']);
    watchers.startOver();
    watchers.sweep(monotonicMs());
    watchers.sweep(monotonicMs());
    expect(asked).toHaveLength(1);
    asked.shift()?.fail();
    await new Promise((resolve) => setImmediate(resolve));
    watchers.sweep(monotonicMs());
    expect(asked).toHaveLength(0);
    pass(10_000);
    watchers.sweep(monotonicMs());
    expect(asked).toHaveLength(1);
    expect(alice.told).toEqual([]);
  });
});

describe('the budget', () => {
  test('is kept, and everybody has a turn', async () => {
    start(20);
    const clients = [client(1), client(2), client(3)];
    for (const each of clients) await watch(each, 10, [7, 'offline'], [8, 'offline']);
    watchers.told(11, [
      [7, 'online'],
      [8, 'online'],
    ]);
    const sums = Array.from({ length: 4 }, () => {
      pass(100);
      return clients.reduce((sum, { told }) => sum + told.length, 0);
    });
    expect(sums).toEqual([2, 4, 6, 6]);
    expect(clients.map(({ told }) => told.length)).toEqual([2, 2, 2]);
  });

  test('goes to others while one reads too slowly, who is told the newest when it can', async () => {
    const [alice, bob] = [client(1), client(2)];
    for (const each of [alice, bob]) await watch(each, 10, [7, 'offline']);
    Object.assign(alice, { bufferedBytes: 1_000_000 });
    watchers.told(11, [[7, 'online']]);
    pass(100);
    watchers.told(12, [[7, 'busy']]);
    Object.assign(alice, { bufferedBytes: 0 });
    pass(100);
    expect([alice.told, bob.told]).toEqual([['user-7 busy'], ['user-7 online', 'user-7 busy']]);
  });

  test('shrinks while the process lags behind its work', async () => {
    start(200);
    const clients = Array.from({ length: 10 }, (_, n) => client(n + 1));
    for (const each of clients) await watch(each, 10, [7, 'offline'], [8, 'offline']);
    pass(100);
    watchers.told(11, [
      [7, 'online'],
      [8, 'online'],
    ]);
    lagMs = 200;
    pass(100);
    expect(clients.reduce((sum, { told }) => sum + told.length, 0)).toBe(2);
    expect(waits).toBe(1);
  });
});
