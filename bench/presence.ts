// npm run bench:presence -- [options]: ten thousand people who come and go, and their effect on two people; see README.md.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeUpstream } from '@securechat/protocol';
import { makeChat, type Person, rowsOf, within } from '@securechat/testkit';
import { beginningOf, routeBetween } from './generator/chat-frames.ts';
import { Tally } from './generator/drivers/driver.ts';
import type { FlappersAnswer, FlappersJob } from './generator/flappers.ts';
import { enrolPeople, inParallel } from './generator/people.ts';
import { Session } from './generator/session.ts';
import { nowUs, timedId, timedIds } from './generator/timed-ids.ts';
import { median, quantile, Samples } from './measure/statistics.ts';
import { formatNumber } from './measure/table.ts';
import { wholeNumbersOrEnd } from './options.ts';
import { startStack } from './stack.ts';

const COUPLES = 10;
const LOGINS_AT_ONCE = 25;
/** Also for delayed notifications: a window must not pay for the previous one. */
const SETTLE_MS = 5_000;
const LAST_ARRIVALS_MS = 30_000;
const FLAPPERS_DEADLINE_MS = 900_000;
const ANSWER_DEADLINE_MS = 10_000;
const BODY = 'a message of 384 bytes'.padEnd(384);

const USAGE = `Usage: npm run bench:presence -- [options]
  --users N     who come and go (default 10,000)
  --every N     milliseconds between two changes of one person (default 5,000)
  --circle N    people who watch each other (default 10)
  --direct N    messages per second of all pairs of people together (default 50)
  --pairs N     pairs of windows, with and without changes (default 5)
  --secs N      of each window (default 10)`;

const { users, every, circle, direct, pairs, secs } = wholeNumbersOrEnd(USAGE, {
  ...{ users: 10_000, every: 5_000, circle: 10, direct: 50, pairs: 5, secs: 10 },
});

const tally = new Tally();
let ages = new Samples();
let arrived = 0;

/** The people who come and go. */
class Flappers {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async open(job: FlappersJob, postgresUrl: string): Promise<Flappers> {
    const flappers = new Flappers(fork(join(import.meta.dirname, 'generator/flappers.ts'), { execArgv: [] }));
    await flappers.#order({ do: 'enrol', job });
    await makeCircles(postgresUrl, job);
    await flappers.#order({ do: 'open', job });
    return flappers;
  }

  async #order(order: { do: 'enrol' | 'open'; job: FlappersJob }): Promise<void> {
    this.#child.send(order);
    await within(once(this.#child, 'message'), FLAPPERS_DEADLINE_MS, () => `the people to ${order.do}`);
  }

  tell(order: 'flap' | 'rest'): void {
    this.#child.send(order);
  }

  async ask(): Promise<FlappersAnswer> {
    this.#child.send('tell');
    const [answer] = await within(once(this.#child, 'message'), ANSWER_DEADLINE_MS, () => 'what was told');
    return answer as FlappersAnswer;
  }

  close(): void {
    this.#child.kill();
  }
}

/** Groups of `circle` people who can see each other's status. */
async function makeCircles(postgresUrl: string, { circle: size }: FlappersJob): Promise<void> {
  await rowsOf(
    postgresUrl,
    `WITH people AS (
       SELECT id, ext_id, split_part(ext_id, '_', 2)::int / ${size} AS circle FROM auth.users
        WHERE ext_id LIKE 'flapper\\_%'),
     made AS (
       INSERT INTO delivery.conversations (ext_id, kind)
       SELECT DISTINCT 'c_circle_of_flappers_' || circle, 'group' FROM people RETURNING id, ext_id),
     members AS (
       INSERT INTO delivery.conv_members (conv_id, user_id, user_name, joined_seq)
       SELECT m.id, p.id, p.ext_id, 1 FROM people p JOIN made m ON m.ext_id = 'c_circle_of_flappers_' || p.circle)
     INSERT INTO presence.settings (user_id, status_to) SELECT id, 'conversations' FROM people`,
  );
}

/** One device's side of a conversation. */
async function openTalkers(authUrl: string, wsUrls: string[]): Promise<(() => void)[]> {
  const people = await enrolPeople(authUrl, 'talker', 2 * COUPLES);
  const sessions = await inParallel(people, LOGINS_AT_ONCE, (person, index) =>
    Session.open(wsUrls[index % wsUrls.length] ?? '', person, {
      ...{ ledger: timedIds, tally, onAck: () => undefined },
      onDelivery(sentAtUs) {
        arrived += 1;
        ages.add((nowUs() - sentAtUs) / 1_000);
      },
    }),
  );
  const speaking = await inParallel(sessions, 1, async (session, index) => {
    const peer = people[index + 1];
    return index % 2 === 1 || !peer ? [] : [await begin(session, peer)];
  });
  return speaking.flat();
}

async function begin(session: Session, peer: Person): Promise<() => void> {
  const route = routeBetween(session.person, peer);
  await session.createConversation(beginningOf(route));
  const { person } = session;
  let clientSeq = 0;
  return () => {
    const fields = { from: person, device: person.device(0), clientSeq: ++clientSeq, id: timedId() };
    const place = { to: peer.id, conversationId: route.conversationId };
    // in this order: sessions read the id by position
    const { type, id, ...chat } = makeChat({ ...fields, ...place, payload: BODY });
    session.send(encodeUpstream('chat', { type, id, ...chat }));
  };
}

type Measured = { p99Ms: number; saidPerSecond: number; toldPerSecond: number };

/** One window: p99 for two people, while the others come and go or stay as they are. */
async function measure(flappers: Flappers, say: (() => void)[], isFlapping: boolean): Promise<Measured> {
  ages = new Samples();
  arrived = 0;
  await flappers.ask();
  if (isFlapping) flappers.tell('flap');
  let sent = 0;
  const startedAtMs = performance.now();
  const timer = setInterval(() => {
    const elapsed = Math.min(secs, (performance.now() - startedAtMs) / 1000);
    for (; sent < elapsed * direct; sent += 1) say[sent % say.length]?.();
  }, 2);
  await sleep(secs * 1000);
  clearInterval(timer);
  const heard = await flappers.ask();
  flappers.tell('rest');
  const faults = heard.faults + tally.errors + tally.disordered + tally.again;
  if (faults > 0) throw new Error(`${faults} faults, the first: ${heard.firstFault ?? tally.firstError}`);
  const deadline = performance.now() + LAST_ARRIVALS_MS;
  while (arrived < sent) {
    if (performance.now() > deadline) throw new Error(`${sent - arrived} messages are lost or late`);
    await sleep(50);
  }
  await sleep(SETTLE_MS);
  return {
    p99Ms: quantile(ages.values, 0.99),
    saidPerSecond: heard.said / secs,
    toldPerSecond: heard.told / secs,
  };
}

const stack = await startStack();
try {
  const { authUrl, wsUrls, postgresUrl } = stack;
  const flappers = await Flappers.open({ authUrl, wsUrls, users, circle, everyMs: every }, postgresUrl);
  const say = await openTalkers(authUrl, wsUrls);
  await measure(flappers, say, true);
  const runs: { quiet: Measured; flapping: Measured }[] = [];
  for (let pair = 1; pair <= pairs; pair += 1) {
    const quiet = await measure(flappers, say, false);
    const flapping = await measure(flappers, say, true);
    runs.push({ quiet, flapping });
    console.log(
      `pair ${pair}: two people, p99 ${formatNumber(quiet.p99Ms)} ms in quiet, ${formatNumber(flapping.p99Ms)} ms while others come and go; ` +
        `${formatNumber(flapping.saidPerSecond)} changes/s, ${formatNumber(flapping.toldPerSecond)} frames/s`,
    );
  }
  const of = (pick: (run: (typeof runs)[number]) => number) => formatNumber(median(runs.map(pick)));
  console.log(
    `${users} people, ${of(({ flapping }) => flapping.saidPerSecond)} changes a second, each watched by ${circle - 1}: ` +
      `${of(({ flapping }) => flapping.toldPerSecond)} frames a second told`,
  );
  console.log(
    `two people beside it: p99 ${of(({ flapping }) => flapping.p99Ms)} ms, in quiet ${of(({ quiet }) => quiet.p99Ms)} ms; ` +
      `median ratio ${of(({ quiet, flapping }) => flapping.p99Ms / quiet.p99Ms)} over ${pairs} interleaved pairs`,
  );
  flappers.close();
} finally {
  await stack.stop();
}
process.exit(0);
