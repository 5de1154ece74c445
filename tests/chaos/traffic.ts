import type { ChatClient } from '@securechat/testkit';
import { conversationOf, type Talk } from './cast.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

export type Traffic = {
  /** Number of sends so far. */
  readonly sends: number;
  /** Whether devices go offline and come back. When off, all are brought back. */
  churn(isOn: boolean): void;
  /** Stops sending, and lets everybody come back. */
  end(): void;
};

const TICK_MS = 50;
/** Unanswered sends per device: below its window of 32, and a bound on what an outage piles up. */
const DEPTH = 24;
const CHURN_EVERY_MS = 700;
const MOST_AWAY_MS = 3_000;
const LONG_BYTES = 20_000;

/** Everybody sends, devices come and go, people read. Who does what comes from `random`; how fast, from the machine. */
export function startTraffic(world: World, random: Random, sendsPerSecond: number): Traffic {
  const { cast } = world;
  // two timers, whose relative order depends on the machine
  const [sending, moving] = [random.fork('sends'), random.fork('comings')];
  const perTick = (sendsPerSecond * TICK_MS) / 1000;
  const away = new Map<ChatClient, NodeJS.Timeout>();
  let isChurning = true;
  let due = 0;
  let sends = 0;

  function send(): void {
    const talk = pickTalk(cast.talks, sending.next());
    const client = sending.pick(cast.clientsOf(sending.pick(talk.members)));
    const length = sending.next() < 0.01 ? LONG_BYTES : sending.between(16, 600);
    const isRead = sending.next() < 0.1;
    // chosen first: skipping a busy device must not change later choices
    if (client.unanswered >= DEPTH || away.has(client)) return;
    const conversation = conversationOf(client, talk);
    const payload = Buffer.alloc(length, `${++sends} `);
    // the history records the outcome
    client.sendChat(conversation, payload).catch(() => undefined);
    const last = client.received.findLast(({ conversationId }) => conversationId === talk.id);
    if (isRead && last) client.markRead(conversation, last.convSeq);
  }

  function comeAndGo(): void {
    if (!isChurning) return;
    const client = moving.pick(cast.clients);
    const stays = moving.next() < 0.3;
    const awayMs = moving.between(100, MOST_AWAY_MS);
    if (away.has(client)) return;
    if (stays) return client.cutConnection();
    away.set(
      client,
      setTimeout(() => back(client), awayMs),
    );
    // the client itself cuts short a goodbye that nobody receives
    client.goOffline().catch(() => undefined);
  }

  function back(client: ChatClient): void {
    clearTimeout(away.get(client));
    away.delete(client);
    client.goOffline().then(
      () => client.goOnline(),
      () => client.goOnline(),
    );
  }

  const ticks = setInterval(() => {
    for (due += perTick; due >= 1; due--) send();
  }, TICK_MS);
  const comings = setInterval(comeAndGo, CHURN_EVERY_MS);

  function churn(isOn: boolean): void {
    isChurning = isOn;
    if (!isOn) for (const client of [...away.keys()]) back(client);
  }

  return {
    get sends() {
      return sends;
    },
    churn,
    end() {
      clearInterval(ticks);
      clearInterval(comings);
      churn(false);
    },
  };
}

function pickTalk(talks: readonly Talk[], place: number): Talk {
  let left = place;
  for (const talk of talks) {
    left -= talk.share;
    if (left < 0) return talk;
  }
  // shares are fractions, and their sum may be slightly below 1
  return talks[0] as Talk;
}
