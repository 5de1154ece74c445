import { setTimeout as sleep } from 'node:timers/promises';
import { upstream } from '@securechat/protocol';
import { type Person, RawClient, type RawTarget } from '@securechat/testkit';
import type { Measured } from './judge.ts';
import type { LoadData, Unit } from './plan.ts';

type Parts = {
  data: LoadData;
  /** Of a unit's devices, in their order. */
  peopleOf(unit: Unit): Person[];
  /** Of the unit with this number. */
  targetOf(index: number): RawTarget;
  tell(line: string): void;
};

const EVERY_MS = 1_000;
const SETTLE_MS = 5_000;
const POLL_MS = 50;

/** What k6 cannot do: TCP, and logins for which it would sign too slowly. The same scenarios, the same thresholds. */
export async function generate(parts: Parts): Promise<Measured> {
  const measured: Measured = {
    times: { login_ms: [], send_to_ack_ms: [], send_to_deliver_ms: [] },
    counts: { logins: 0, sent: 0, acked: 0, delivered: 0, lost: 0, faults: 0 },
  };
  const count = (name: string, by = 1): void => {
    measured.counts[name] = (measured.counts[name] ?? 0) + by;
  };
  const telling = setInterval(() => parts.tell(progressOf(measured)), EVERY_MS);
  const units = parts.data.parts.flat();
  const work = units.map(async (unit, index) => {
    try {
      const run = { ...parts, unit, target: parts.targetOf(index), measured, count };
      await (unit.kind === 'logins' ? storm(run) : talk(run));
    } catch (error) {
      count('faults');
      parts.tell(String(error));
    }
  });
  await Promise.all(work);
  clearInterval(telling);
  return measured;
}

type Run = Parts & {
  unit: Unit;
  target: RawTarget;
  measured: Measured;
  count(name: string, by?: number): void;
};

const progressOf = ({ counts }: Measured): string =>
  Object.entries(counts)
    .map(([name, value]) => `${value} ${name}`)
    .join(', ');

async function logIn({ target, measured, count }: Run, person: Person): Promise<RawClient> {
  const beganMs = performance.now();
  const client = await RawClient.connect(target);
  await client.login({ person, device: person.device(0), deadlineMs: 30_000 });
  count('logins');
  measured.times.login_ms?.push(performance.now() - beganMs);
  return client;
}

/** In and out again until the time is over. */
async function storm(run: Run): Promise<void> {
  const untilMs = performance.now() + run.data.seconds * 1000;
  const people = run.peopleOf(run.unit);
  await Promise.all(
    people.map(async (person) => {
      do {
        const client = await logIn(run, person);
        client.close();
      } while (performance.now() < untilMs);
    }),
  );
}

/** Everybody in, then each says what it has to say, at even intervals. */
async function talk(run: Run): Promise<void> {
  const { unit, data, measured, count } = run;
  const clients = await Promise.all(run.peopleOf(unit).map((person) => logIn(run, person)));
  const sentAt = new Map<string, number>();
  const seen = { ack: 0, chat: 0 };
  for (const client of clients) {
    const seenNow = (kind: 'ack' | 'chat', id: string): void => {
      const at = sentAt.get(id);
      if (at === undefined) return;
      seen[kind]++;
      count(kind === 'ack' ? 'acked' : 'delivered');
      const tookMs = performance.now() - at;
      measured.times[kind === 'ack' ? 'send_to_ack_ms' : 'send_to_deliver_ms']?.push(tookMs);
    };
    client.listen(({ message }) => {
      if (message?.type === 'error') count('faults');
      if (message?.type === 'ack') seenNow('ack', message.ref);
      // what came before the mailbox was read stands in its page
      if (message?.type === 'sync_page')
        for (const item of message.items) if (item.type === 'chat') seenNow('chat', item.id);
      if (message?.type === 'chat') {
        seenNow('chat', message.id);
        client.send('ack', { type: 'ack', through: message.delivery.seq });
      }
    });
    client.send('resume', { type: 'resume', cursor: 0 });
  }
  const everyMs = (data.seconds * 1000) / Math.max(1, unit.sends.length);
  for (const { by, id, json } of unit.sends) {
    sentAt.set(id, performance.now());
    count('sent');
    clients[by]?.sendAny(upstream.chat.id, json);
    await sleep(everyMs);
  }
  const missing = (): number => unit.sends.length * clients.length - seen.ack - seen.chat;
  for (let waitedMs = 0; waitedMs < SETTLE_MS && missing() > 0; waitedMs += POLL_MS) await sleep(POLL_MS);
  count('lost', missing());
  for (const client of clients) client.close();
}
