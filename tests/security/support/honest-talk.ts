import { expect } from '@jest/globals';
import {
  ChatClient,
  type Conversation,
  checkHistory,
  History,
  type Person,
  until,
} from '@securechat/testkit';
import { fromTheOtherSide } from '../../support/pair.ts';
import type { Siege } from './siege.ts';

/** Two people who go on chatting, through both gateways, whatever is done to these meanwhile. */
export type HonestTalk = {
  /** Runs an attack, and prints how long the answers to what they said meanwhile took. */
  during<T>(what: string, attack: () => Promise<T>): Promise<T>;
  /** Ends the talk. Everything that was said has been acked and delivered, once and in order. */
  end(): Promise<void>;
  /** Messages that were said, with the beginning of their conversation. */
  said(): number;
};

const SAY_EVERY_MS = 20;
/** Fewer do not tell what the slowest of a hundred takes. */
const FEWEST_ANSWERS = 50;
const SETTLE_MS = 20_000;

export async function openHonestTalk(siege: Siege): Promise<HonestTalk> {
  const { constellation, serviceKey } = siege;
  const history = new History();
  const people = [await siege.victim('alice'), await siege.victim('bob')] as const;
  const [alices, bobs] = people.map((person, index) => {
    const gateways = constellation.gateways.map((gateway) => gateway.target());
    if (index === 1) gateways.reverse();
    const device = person.device(0);
    const client = new ChatClient({ person, device, serviceKey, gateways, history, waitScale: 0.05 });
    client.goOnline();
    return client;
  }) as [ChatClient, ChatClient];
  await Promise.all([alices.live(), bobs.live()]);
  const conversation = await alices.groups.createDirect(people[1]);
  await until('Bob knows the conversation', () => bobs.conversations.has(conversation.id));

  const answers: { saidAtMs: number; tookMs: number }[] = [];
  let said = 0;
  function say(client: ChatClient, to: Conversation): void {
    const saidAtMs = performance.now();
    said++;
    // what stays without an answer is missed at the end
    client.sendChat(to, `canary: word ${said}`).then(
      () => answers.push({ saidAtMs, tookMs: performance.now() - saidAtMs }),
      () => undefined,
    );
  }
  const timer = setInterval(() => {
    say(alices, conversation);
    say(bobs, fromTheOtherSide(conversation, people[0]));
  }, SAY_EVERY_MS);

  return {
    said: () => said + 1,
    async during(what, attack) {
      const beganAtMs = performance.now();
      const answersSince = () => answers.filter(({ saidAtMs }) => saidAtMs >= beganAtMs);
      const outcome = await attack();
      const seconds = ((performance.now() - beganAtMs) / 1000).toFixed(1);
      await until('enough was said', () => answersSince().length >= FEWEST_ANSWERS);
      const took = answersSince().map(({ tookMs }) => tookMs);
      process.stdout.write(
        `[security] ${what} for ${seconds} s; meanwhile ${took.length} honest messages were acked: p50 ${quantile(took, 0.5)}, p99 ${quantile(took, 0.99)} ms\n`,
      );
      return outcome;
    },
    async end() {
      clearInterval(timer);
      await until('everything is answered', () => answers.length === said, SETTLE_MS);
      const arrived = () => alices.received.length + bobs.received.length;
      await until('everything has arrived', () => arrived() === said, SETTLE_MS);
      const absent = people.map((person: Person) => person.device(1).address);
      expect(checkHistory(history.events, { absent })).toEqual([]);
      await Promise.all([alices.close(), bobs.close()]);
    },
  };
}

export function quantile(values: readonly number[], share: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
}
