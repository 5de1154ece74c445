import { expect } from '@jest/globals';
import type { Downstream } from '@securechat/protocol';
import {
  type Chat,
  type Conversation,
  makeChat,
  type Person,
  type RawClient,
  until,
} from '@securechat/testkit';
import { storedMessages } from '../support/database.ts';
import { useConstellation } from '../support/stack.ts';
import { report } from '../support/traffic.ts';

const LIMIT = 100;
const WINDOW_MS = 60_000;

const stack = useConstellation({
  gateways: 2,
  deliveries: 2,
  redis: 'own',
  postgres: 'own',
  env: { gateway: { GATEWAY_MESSAGES_PER_MINUTE: String(LIMIT) } },
});
const { test } = stack;

const DEVICES = 5;
/** Each device: a little more than 300 tries a minute by five of them. */
const EVERY_MS = 900;
const FEWEST_TRIES = 300;
/** While some of the minute's messages are left, so that a gateway that forgot the others would show. */
const KILL_AFTER_MS = 18_000;
/** Messages after the first window, so that windows across its end are not empty. */
const SECOND_HELPING = 20;
const SECOND_HELPING_WITHIN_MS = 100_000;

test('five devices on two gateways stay within the limit of their user, also when one gateway is killed', async () => {
  const user = await stack.person('user', { devices: DEVICES });
  const peer = await stack.person('peer', { devices: 1 });
  const peers = await stack.open(peer, { where: 1 });
  const conversation = await peers.groups.createDirect(user);
  const senders = user.devices.map((_, device) => {
    const where = device < 3 ? 0 : 1;
    return startSender({ user, device, conversation: { id: conversation.id, peer: peer.id }, where });
  });
  const startedAtMs = performance.now();
  const sinceStartMs = (): number => performance.now() - startedAtMs;
  const acks = (): number => senders.reduce((sum, { accepted }) => sum + accepted.length, 0);
  let tries = 0;
  let acksBeforeKill = 0;
  try {
    await until('it is time for the kill', () => sinceStartMs() >= KILL_AFTER_MS, KILL_AFTER_MS * 2);
    acksBeforeKill = acks();
    await stack.constellation.gateways[0]!.kill('SIGKILL');
    await until('the first window is over', () => sinceStartMs() >= WINDOW_MS, WINDOW_MS * 2);
    tries = senders.reduce((sum, sender) => sum + sender.tries(), 0);
    const inFirstWindow = acks();
    await until(
      'messages are accepted again',
      () => acks() >= inFirstWindow + SECOND_HELPING,
      SECOND_HELPING_WITHIN_MS,
    );
  } finally {
    for (const sender of senders) sender.stop();
  }
  await Promise.all(senders.map(({ ended }) => ended));

  const ids = new Set(senders.flatMap((sender) => sender.ids));
  const stored = (await storedMessages(stack)).filter(({ msg_id }) => ids.has(msg_id));
  const storedAt = stored.map(({ server_ts_ms }) => server_ts_ms);
  expect(mostInAnyWindow(storedAt)).toBeLessThanOrEqual(LIMIT);
  const accepted = senders.flatMap((sender) => sender.accepted);
  expect(mostInAnyWindow(accepted.map(({ serverMs }) => serverMs))).toBeLessThanOrEqual(LIMIT);
  expect(mostInAnyWindow(accepted.map(({ heardMs }) => heardMs))).toBeLessThanOrEqual(LIMIT);

  const firstMs = Math.min(...storedAt);
  const inFirstWindow = storedAt.filter((at) => at < firstMs + WINDOW_MS).length;
  expect(inFirstWindow).toBeGreaterThanOrEqual(80);
  expect(tries).toBeGreaterThanOrEqual(FEWEST_TRIES);

  const refusals = senders.flatMap((sender) => sender.refusals);
  expect(refusals.length).toBeGreaterThan(0);
  for (const refusal of refusals) {
    expect(refusal).toMatchObject({
      code: 1004,
      error_code: 'RATE_LIMITED',
      scope: 'messages',
      limit: LIMIT,
    });
    expect(refusal.retry_after_ms).toBeGreaterThan(0);
  }
  report(
    'message limit, gateway killed',
    `${tries} tries in the first minute; ${acksBeforeKill} acked before the kill, ${inFirstWindow} accepted in the ` +
      `first 60 s, ${stored.length} in all, never more than ${mostInAnyWindow(storedAt)} in any 60 s ` +
      `(any ${LIMIT + 1} of them take ${seconds(shortestSpan(storedAt, LIMIT + 1))} or more); ` +
      `${refusals.length} refused`,
  );
}, 240_000);

/** Largest number of these moments in one window, wherever that begins. */
function mostInAnyWindow(times: readonly number[]): number {
  const sorted = times.toSorted((one, other) => one - other);
  let first = 0;
  let most = 0;
  sorted.forEach((time, last) => {
    while (time - (sorted[first] ?? time) >= WINDOW_MS) first++;
    most = Math.max(most, last - first + 1);
  });
  return most;
}

/** Shortest time in which this many of these moments lie. */
function shortestSpan(times: readonly number[], count: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  const spans = sorted.slice(count - 1).map((last, index) => last - (sorted[index] ?? last));
  return Math.min(...spans);
}

const seconds = (durationMs: number): string => `${(durationMs / 1000).toFixed(1)} s`;

type Sender = {
  /** First acks, each of them of another message. */
  readonly accepted: { serverMs: number; heardMs: number }[];
  readonly refusals: Downstream<'error'>[];
  readonly ids: string[];
  tries(): number;
  stop(): void;
  readonly ended: Promise<void>;
};

/**
 * A device that takes no hint: it sends its message again and again until that is acked, then the next one. It comes
 * back on the other gateway when its own is gone.
 */
function startSender(plan: {
  user: Person;
  device: number;
  conversation: Conversation;
  where: number;
}): Sender {
  const { user, device, conversation } = plan;
  const sender = { accepted: [], refusals: [], ids: [] } as Pick<Sender, 'accepted' | 'refusals' | 'ids'>;
  let client: RawClient | undefined;
  let inHand: Chat | undefined;
  let clientSeq = 0;
  let tries = 0;
  let isStopped = false;

  function sendAgain(): void {
    if (!client) return;
    inHand ??= write();
    client.send('chat', inHand);
    tries++;
  }

  function write(): Chat {
    const message = makeChat({
      from: user,
      device: user.device(device),
      to: conversation.peer,
      conversationId: conversation.id,
      clientSeq: ++clientSeq,
      payload: `message ${clientSeq}`,
    });
    sender.ids.push(message.id);
    return message;
  }

  async function serve(where: number): Promise<void> {
    const login = await stack.login(user, { where, device });
    client = login.client;
    client.listen(({ message }) => {
      if (message?.type === 'error') sender.refusals.push(message);
      if (message?.type !== 'ack' || message.ref !== inHand?.id) return;
      inHand = undefined;
      if (!message.dup) sender.accepted.push({ serverMs: message.server_ts_ms, heardMs: performance.now() });
    });
    await client.closed;
    client = undefined;
  }

  async function run(): Promise<void> {
    for (let where = plan.where; !isStopped; where = 1) {
      // a gateway that has just died refuses connections
      await serve(where).catch(() => undefined);
    }
  }
  const timer = setInterval(sendAgain, EVERY_MS);
  return {
    ...sender,
    tries: () => tries,
    stop() {
      isStopped = true;
      clearInterval(timer);
      client?.destroy();
    },
    ended: run(),
  };
}
