import { setTimeout as wait } from 'node:timers/promises';
import type { ChatClient } from '@securechat/testkit';
import { Patience } from './patience.ts';
import { honestClients, type World } from './world.ts';

/** How a run stands: whether all is there, what Postgres still holds for devices, and a number that moves with each answer and arrival. */
export type Standing = { isComplete: boolean; waiting: number | undefined; moved: number };

/** Counting scans the whole history, which on a busy machine must not take all of its time. */
const LOOK_EVERY_MS = 300;
/** Nothing came for so long, though something waits or nobody can say: it is stuck, which is a fault as a loss is. */
const STANDSTILL_MS = 45_000;
/** Nothing waits for anybody any more, so nothing will come. Acknowledgements are gathered, and frames are under way. */
const NOTHING_WAITS_MS = 5_000;
const LONGEST_MS = 10 * 60_000;

/**
 * When to stop waiting for the end of a run. What is stored will come, however slow the machine is: as long as something moves it is
 * worth waiting, whatever else has been broken before; a fixed time would make of what is late something that is lost.
 */
export class Settling {
  readonly #longest: Patience;
  #standstill: Patience;
  #empty: Patience | undefined;
  #moved = -1;
  #waiting: number | undefined;

  constructor(nowMs: number) {
    this.#longest = new Patience(LONGEST_MS, nowMs);
    this.#standstill = new Patience(STANDSTILL_MS, nowMs);
  }

  isOver({ isComplete, waiting, moved }: Standing, nowMs: number): boolean {
    if (isComplete) return true;
    if (moved !== this.#moved || waiting !== this.#waiting)
      this.#standstill = new Patience(STANDSTILL_MS, nowMs);
    if (moved !== this.#moved || waiting !== 0) this.#empty = undefined;
    else this.#empty ??= new Patience(NOTHING_WAITS_MS, nowMs);
    this.#moved = moved;
    this.#waiting = waiting;
    const ends = [this.#longest, this.#standstill, this.#empty].map((patience) => patience?.isOver(nowMs));
    return ends.includes(true);
  }
}

/** After the traffic has ended. Resolves with what Postgres still holds for devices, for the record; undefined: it does not say. */
export async function settle(world: World): Promise<number | undefined> {
  const settling = new Settling(performance.now());
  for (;;) {
    const beganMs = performance.now();
    const standing = await look(world);
    if (settling.isOver(standing, performance.now())) return standing.waiting;
    await wait(Math.max(LOOK_EVERY_MS, performance.now() - beganMs));
  }
}

async function look(world: World): Promise<Standing> {
  const clients = honestClients(world);
  const isComplete = clients.every(isQuiet) && hasAllArrived(world);
  const waiting = isComplete ? 0 : await waitingInPostgres(world).catch(() => undefined);
  const moved = world.history.events.filter(
    (event) => event.type === 'recv' || (event.type === 'send' && event.phase === 'ok'),
  ).length;
  return { isComplete, waiting, moved };
}

/** Pointers of honest devices, and messages to large groups that have none yet. */
async function waitingInPostgres(world: World): Promise<number> {
  const addresses = honestClients(world).map(({ device }) => `'${device.address}'`);
  const [row] = await world.rows<{ waiting: number }>(
    `SELECT (SELECT count(*) FROM delivery.mailbox WHERE device_id IN (
               SELECT d.id FROM auth.devices d JOIN auth.users u ON u.id = d.user_id
                WHERE u.ext_id || ':' || d.ext_id IN (${addresses})))::int
          + (SELECT count(*) FROM delivery.fanout_jobs)::int AS waiting`,
  );
  return row?.waiting ?? 0;
}

const isQuiet = ({ unanswered, isConnected, mailbox }: ChatClient): boolean =>
  unanswered === 0 && isConnected && mailbox.isLive;

/** By count only: the checker says which ones are missing. */
function hasAllArrived(world: World): boolean {
  const { history, cast } = world;
  const clients = honestClients(world);
  const stored = new Map<string, Set<string>>();
  const senders = new Map<string, number>();
  for (const event of history.events) {
    if (event.type !== 'send' || event.phase !== 'ok') continue;
    const ids = stored.get(event.conversation_id) ?? new Set();
    stored.set(event.conversation_id, ids);
    if (ids.has(event.id)) continue;
    ids.add(event.id);
    const key = `${event.conversation_id} ${event.device}`;
    senders.set(key, (senders.get(key) ?? 0) + 1);
  }
  return cast.talks.every((talk) =>
    clients
      .filter(({ person }) => talk.members.includes(person))
      .every((client) => {
        const own = senders.get(`${talk.id} ${client.device.address}`) ?? 0;
        const here = client.received.filter(({ conversationId }) => conversationId === talk.id).length;
        return here >= (stored.get(talk.id)?.size ?? 0) - own;
      }),
  );
}
