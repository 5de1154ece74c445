import { afterEach, expect } from '@jest/globals';
import {
  type Arrival,
  type ChatClient,
  type Conversation,
  checkHistory,
  History,
  until,
} from '@securechat/testkit';
import { expectStored, storedMessages } from './database.ts';
import { fromTheOtherSide } from './pair.ts';
import type { Stack } from './stack.ts';

/** One person with one device, who talks with one other. */
export type Talker = {
  readonly client: ChatClient;
  readonly conversation: Conversation;
  /** Where its first connection was made. */
  readonly gateway: number;
};

/** A blow against the system, and what it hit. */
export type Strike = {
  /** When it fell, on the clock of the history. */
  readonly atMs: number;
  /** When it had fallen, on the clock of the services: what they stamp later was not done before. */
  readonly doneWallMs: number;
  /** Names of the sends that had left their client and had no answer. */
  readonly inFlight: ReadonlySet<string>;
};

export type Company = { readonly history: History; readonly talkers: readonly Talker[] };

export type Traffic = Company & {
  /** Deals the blow at a moment when enough sends (of these talkers) are under way; resolves when both are done. */
  strike(blow: () => Promise<unknown>, among?: readonly Talker[]): Promise<Strike>;
  /** Resolves when the talk has gone on for a while. */
  goOn(): Promise<void>;
  /** Goes on for a while after the last blow, ends, and waits until everything is answered and delivered. */
  end(): Promise<void>;
};

/** A blow that hits nothing proves nothing. */
const FEWEST_IN_FLIGHT = 50;
const PAIRS = 4;
/** Sends without an answer, for each talker; below the 32 that a client has on the wire in one conversation. */
const DEPTH = 24;
/** Everybody fills up to the depth this often: about 750 sends a second by eight talkers. */
const EVERY_MS = 250;
/** After this the last sends have left the clients. */
const LEFT_AFTER_MS = 5;
/** The system has to be at work, not only to finish what it had. */
const SENDS_TO_GO_ON = 400;
const SETTLE_DEADLINE_MS = 40_000;

const nameOf = ({ device, id }: { device: string; id: string }): string => `${device}/${id}`;

/** Also of a test that has failed; before the hooks of its stack, which close the clients. */
const timers: NodeJS.Timeout[] = [];
afterEach(() => {
  for (const timer of timers.splice(0)) clearInterval(timer);
});

/** Pairs of people, one of each on the first gateway and one on the second, silent as yet. */
export async function openCompany(stack: Stack): Promise<Company> {
  const history = new History();
  const pairs = Array.from({ length: PAIRS }, () => openPairOfTalkers(stack, history));
  return { history, talkers: (await Promise.all(pairs)).flat() };
}

/** Everybody talks without a pause. */
export async function startTraffic({ history, talkers }: Company): Promise<Traffic> {
  let toppedUpAtMs = 0;
  let sends = 0;

  function topUp(): void {
    for (const { client, conversation } of talkers) {
      while (client.unanswered < DEPTH) {
        // the history has the outcome
        client.sendChat(conversation, `message ${++sends}`).catch(() => undefined);
      }
    }
    toppedUpAtMs = performance.now();
  }
  const timer = setInterval(topUp, EVERY_MS);
  timers.push(timer);

  async function strike(blow: () => Promise<unknown>, among: readonly Talker[] = talkers): Promise<Strike> {
    const devices = new Set(among.map(({ client }) => client.device.address));
    const underWay = (): number => among.reduce((sum, { client }) => sum + client.unanswered, 0);
    const { done, ...struck } = await until('enough sends are under way', () => {
      if (underWay() < FEWEST_IN_FLIGHT || performance.now() - toppedUpAtMs < LEFT_AFTER_MS) return false;
      return { inFlight: unanswered(history, devices), atMs: performance.now(), done: blow() };
    });
    expect(struck.inFlight.size).toBeGreaterThanOrEqual(FEWEST_IN_FLIGHT);
    await done;
    return { ...struck, doneWallMs: Date.now() };
  }

  async function goOn(): Promise<void> {
    const enough = sends + SENDS_TO_GO_ON;
    await until('the talk goes on', () => sends >= enough, SETTLE_DEADLINE_MS);
  }

  await until('the talk is in full swing', () => talkers.every(({ client }) => client.received.length > 50));
  return {
    history,
    talkers,
    strike,
    goOn,
    async end() {
      await goOn();
      clearInterval(timer);
      await settle(history, talkers);
    },
  };
}

async function openPairOfTalkers(stack: Stack, history: History): Promise<[Talker, Talker]> {
  const [one, other] = [
    await stack.person('one', { devices: 1 }),
    await stack.person('other', { devices: 1 }),
  ];
  const clients = [
    await stack.open(one, { where: 0, history }),
    await stack.open(other, { where: 1, history }),
  ] as const;
  const conversation = await clients[0].groups.createDirect(other);
  await until('both know the conversation', () => clients[1].conversations.has(conversation.id));
  return [
    { client: clients[0], conversation, gateway: 0 },
    { client: clients[1], conversation: fromTheOtherSide(conversation, one), gateway: 1 },
  ];
}

function unanswered(history: History, devices: ReadonlySet<string>): Set<string> {
  const names = new Set<string>();
  for (const event of history.events) {
    if (event.type !== 'send' || !devices.has(event.device)) continue;
    if (event.phase === 'invoke') names.add(nameOf(event));
    else if (event.phase === 'ok' || event.phase === 'fail') names.delete(nameOf(event));
  }
  return names;
}

/** The verdict is not given here: what stays undone is a violation that the checks report. */
async function settle(history: History, talkers: readonly Talker[]): Promise<void> {
  const isDone = (): boolean =>
    talkers.every(({ client }) => client.unanswered === 0 && client.isConnected && client.mailbox.isLive);
  await until('everything is answered', isDone, SETTLE_DEADLINE_MS);
  const acked = talliesOf(history).acked.size;
  const arrived = (): number => talkers.reduce((sum, { client }) => sum + client.received.length, 0);
  await until('everything has arrived', () => arrived() >= acked, SETTLE_DEADLINE_MS).catch(() => undefined);
}

type Tallies = Record<'sent' | 'acked' | 'refused' | 'retried' | 'repeated', ReadonlySet<string>>;

function talliesOf({ events }: History): Tallies {
  const sends = events.filter((event) => event.type === 'send');
  const names = (fits: (event: (typeof sends)[number]) => boolean): Set<string> =>
    new Set(sends.filter(fits).map(nameOf));
  return {
    sent: names(({ phase }) => phase === 'invoke'),
    acked: names(({ phase }) => phase === 'ok'),
    refused: names(({ phase }) => phase === 'fail'),
    retried: names(({ phase }) => phase === 'again'),
    repeated: names((event) => event.phase === 'ok' && event.dup),
  };
}

/** What is promised whatever is killed: acked is stored and delivered, once in effect and in order. Returns figures. */
export async function expectPromisesKept(
  stack: Stack,
  { history }: Traffic,
  { inFlight, atMs }: Strike,
): Promise<string> {
  const { sent, acked, refused, retried, repeated } = talliesOf(history);
  expect(checkHistory(history.events)).toEqual([]);
  expect(acked.size).toBeGreaterThanOrEqual(0.95 * sent.size);
  expect([...retried].filter((name) => !acked.has(name))).toEqual([]);
  expect([...refused]).toEqual([]);
  await expectStored(stack, history, acked);
  const hit = [...inFlight].filter((name) => retried.has(name)).length;
  return (
    `${inFlight.size} sends in flight, ${hit} of them retried, all acked within ${ms(lastAckMs(history, inFlight) - atMs)}; ` +
    `${acked.size} of ${sent.size} acked in all, ${retried.size} retried, ${repeated.size} re-acked as duplicates`
  );
}

/** When the last of these sends was acked for the first time. */
function lastAckMs({ events }: History, names: ReadonlySet<string>): number {
  const firstAcks = new Map<string, number>();
  for (const event of events) {
    if (event.type !== 'send' || event.phase !== 'ok') continue;
    if (!firstAcks.has(nameOf(event))) firstAcks.set(nameOf(event), event.at_ms);
  }
  return Math.max(...[...names].map((name) => firstAcks.get(name) ?? Number.POSITIVE_INFINITY));
}

/**
 * Milliseconds from the blow to the first delivery that `where` accepts. Only what was stored after the blow counts:
 * the rest may have been on its way already.
 */
export async function firstDelivery(
  stack: Stack,
  { history }: Traffic,
  { atMs, doneWallMs }: Pick<Strike, 'atMs' | 'doneWallMs'>,
  where: (arrival: Arrival) => boolean = () => true,
): Promise<number> {
  const rows = await storedMessages(stack);
  const later = new Set(rows.flatMap((row) => (row.server_ts_ms > doneWallMs ? [row.msg_id] : [])));
  const first = history.events.find((event) => event.type === 'recv' && later.has(event.id) && where(event));
  if (!first) throw new Error('nothing was stored and delivered after the blow');
  return first.at_ms - atMs;
}

/** One line for the person who runs the tests; through the console jest would make ten of it. */
export function report(nemesis: string, figures: string): void {
  process.stdout.write(`[faults] ${nemesis}: ${figures}\n`);
}

export const ms = (durationMs: number): string => `${Math.round(durationMs)} ms`;
