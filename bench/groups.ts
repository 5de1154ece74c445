// npm run bench:groups -- [options]: a group of a thousand members, and its effect on two people; see README.md.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeUpstream } from '@securechat/protocol';
import { makeChat, makeGroup, type Person, personNamed, within } from '@securechat/testkit';
import { beginningOf, routeBetween } from './generator/chat-frames.ts';
import type { CrowdAnswer, CrowdJob } from './generator/crowd.ts';
import { Tally } from './generator/drivers/driver.ts';
import { enrolPeople, inParallel } from './generator/people.ts';
import { Session } from './generator/session.ts';
import { nowUs, timedId, timedIds } from './generator/timed-ids.ts';
import { median, quantile, Samples } from './measure/statistics.ts';
import { formatNumber } from './measure/table.ts';
import { wholeNumbersOrEnd } from './options.ts';
import { startStack } from './stack.ts';

const COUPLES = 10;
const LOGINS_AT_ONCE = 25;
const SETTLE_MS = 3_000;
const LAST_ARRIVALS_MS = 30_000;
const CROWD_DEADLINE_MS = 120_000;
const ANSWER_DEADLINE_MS = 10_000;
const BODY = 'a message of 384 bytes'.padEnd(384);

const USAGE = `Usage: npm run bench:groups -- [options]
  --members N   of the group (default 1,000)
  --rate N      messages per second in the group (default 1)
  --direct N    messages per second of all pairs of people together (default 50)
  --pairs N     pairs of windows, with and without the group's messages (default 5)
  --secs N      of each window (default 10)`;

const { members, rate, direct, pairs, secs } = wholeNumbersOrEnd(USAGE, {
  ...{ members: 1_000, rate: 1, direct: 50, pairs: 5, secs: 10 },
});

const tally = new Tally();
let ages = new Samples();
let arrived = 0;

function open(person: Person, url: string): Promise<Session> {
  return Session.open(url, person, {
    ledger: timedIds,
    tally,
    onAck: () => undefined,
    onDelivery(sentAtUs) {
      arrived += 1;
      ages.add((nowUs() - sentAtUs) / 1_000);
    },
  });
}

/** One device's side of a conversation. */
class Voice {
  readonly #session: Session;
  readonly #place: { to: string; conversationId: string };
  #clientSeq = 0;

  constructor(session: Session, place: { to: string; conversationId: string }) {
    this.#session = session;
    this.#place = place;
  }

  say(): void {
    const { person } = this.#session;
    const fields = { from: person, device: person.device(0), clientSeq: ++this.#clientSeq, id: timedId() };
    // in this order: sessions read the id by position
    const { type, id, ...chat } = makeChat({ ...fields, ...this.#place, payload: BODY });
    this.#session.send(encodeUpstream('chat', { type, id, ...chat }));
  }
}

/** All members except the speaker. */
class Crowd {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async open(job: CrowdJob): Promise<Crowd> {
    const child = fork(join(import.meta.dirname, 'generator/crowd.ts'), { execArgv: [] });
    child.send(job);
    await within(once(child, 'message'), CROWD_DEADLINE_MS, () => 'the members to be online');
    return new Crowd(child);
  }

  begin(): void {
    this.#child.send('begin');
  }

  async tell(): Promise<CrowdAnswer> {
    this.#child.send('tell');
    const [answer] = await within(once(this.#child, 'message'), ANSWER_DEADLINE_MS, () => 'what has arrived');
    return answer as CrowdAnswer;
  }

  close(): void {
    this.#child.kill();
  }
}

type Measured = { directMs: number; groupMs: number; perSecond: number };

/** One window: p99 for two people, with or without messages to the group. */
async function measure(crowd: Crowd, talkers: Voice[], speaker: Voice | undefined): Promise<Measured> {
  ages = new Samples();
  arrived = 0;
  crowd.begin();
  let [sentDirect, sentGroup] = [0, 0];
  const startedAtMs = performance.now();
  const timer = setInterval(() => {
    const elapsed = Math.min(secs, (performance.now() - startedAtMs) / 1000);
    for (; sentDirect < elapsed * direct; sentDirect += 1) talkers[sentDirect % talkers.length]?.say();
    for (; speaker && sentGroup < elapsed * rate; sentGroup += 1) speaker.say();
  }, 2);
  await sleep(secs * 1000);
  clearInterval(timer);
  const deadline = performance.now() + LAST_ARRIVALS_MS;
  for (;;) {
    const heard = await crowd.tell();
    const missing = sentDirect - arrived + sentGroup * (members - 1) - heard.arrived;
    const faults = heard.faults + tally.errors + tally.disordered + tally.again;
    if (faults > 0) throw new Error(`${faults} faults, the first: ${heard.firstFault ?? tally.firstError}`);
    if (missing === 0) {
      const perSecond = heard.arrived / ((performance.now() - startedAtMs) / 1000);
      return { directMs: quantile(ages.values, 0.99), groupMs: heard.p99Ms, perSecond };
    }
    if (performance.now() > deadline) throw new Error(`${missing} messages are lost or late`);
    await sleep(50);
  }
}

const stack = await startStack();
try {
  const { authUrl, wsUrls } = stack;
  const urlOf = (index: number): string => wsUrls[index % wsUrls.length] ?? '';
  const crowd = await Crowd.open({ authUrl, wsUrls, members: members - 1 });
  const [host] = await enrolPeople(authUrl, 'host', 1);
  const people = await enrolPeople(authUrl, 'talker', 2 * COUPLES);
  if (!host) throw new Error('nobody speaks');
  const sessions = await inParallel([host, ...people], LOGINS_AT_ONCE, (person, index) =>
    open(person, urlOf(index)),
  );
  const [hosting, ...talking] = sessions as [Session, ...Session[]];

  const others = Array.from({ length: members - 1 }, (_, index) =>
    personNamed(`member_${index}`, { devices: 1 }),
  );
  const group = makeGroup({ creator: host, device: host.device(0), others });
  await hosting.createConversation(group);
  const speaker = new Voice(hosting, { to: group.conversation_id, conversationId: group.conversation_id });
  const talkers = await inParallel(talking, 1, async (session, index) => {
    if (index % 2 === 1) return [];
    const peer = people[index + 1] as Person;
    const route = routeBetween(session.person, peer);
    await session.createConversation(beginningOf(route));
    return [new Voice(session, { to: peer.id, conversationId: route.conversationId })];
  });
  await sleep(SETTLE_MS);

  await measure(crowd, talkers.flat(), speaker);
  const runs: { alone: Measured; beside: Measured }[] = [];
  for (let pair = 1; pair <= pairs; pair += 1) {
    const alone = await measure(crowd, talkers.flat(), undefined);
    const beside = await measure(crowd, talkers.flat(), speaker);
    runs.push({ alone, beside });
    console.log(
      `pair ${pair}: two people, p99 ${formatNumber(alone.directMs)} ms alone, ${formatNumber(beside.directMs)} ms beside the group; ` +
        `group p99 ${formatNumber(beside.groupMs)} ms`,
    );
  }
  const of = (pick: (run: (typeof runs)[number]) => number) => formatNumber(median(runs.map(pick)));
  console.log(
    `a group of ${members}, ${rate} messages/s, everybody online, nothing lost, doubled or disordered`,
  );
  console.log(
    `delivered ${of(({ beside }) => beside.perSecond)} a second; send to deliver, p99 ${of(({ beside }) => beside.groupMs)} ms`,
  );
  console.log(
    `two people beside it: p99 ${of(({ beside }) => beside.directMs)} ms, alone ${of(({ alone }) => alone.directMs)} ms; ` +
      `median ratio ${of(({ alone, beside }) => beside.directMs / alone.directMs)} over ${pairs} interleaved pairs`,
  );
  crowd.close();
  for (const session of sessions) session.close();
} finally {
  await stack.stop();
}
process.exit(0);
