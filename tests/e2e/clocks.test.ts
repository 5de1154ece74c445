import { expect } from '@jest/globals';
import { makeChat, nowSeconds, until } from '@securechat/testkit';
import { openPair } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

/** A client's clock may be five minutes ahead of a gateway's; the rest is for the test. */
const OFF_SECONDS = 4 * 60;
const [AHEAD, BEHIND] = [0, 1];

const clockOff = (seconds: number) => ({ env: { SECURECHAT_CLOCK_OFFSET_MS: String(seconds * 1000) } });
const stack = useConstellation({
  gateways: [clockOff(OFF_SECONDS), clockOff(-OFF_SECONDS)],
  deliveries: 1,
  presences: 1,
});
const { test } = stack;

test('gateways whose clocks are minutes apart tell who types, and pass on what disappears soon', async () => {
  const pair = await openPair(stack, { alice: AHEAD, bob: BEHIND });
  const { alice, bob, alices, bobs, conversation } = pair;
  const { client: asAlice } = await stack.login(alice, { device: 1, where: AHEAD });
  const { client: asBob } = await stack.login(bob, { device: 1, where: BEHIND });
  const typing = { type: 'typing', chat_id: conversation.id, typing: true } as const;
  for (const [sender, receiver, person, offSeconds] of [
    [asAlice, asBob, alice, -OFF_SECONDS],
    [asBob, asAlice, bob, OFF_SECONDS],
  ] as const) {
    sender.send('typing', { ...typing, expires_at: nowSeconds() + 5 });
    const told = await receiver.next('typing');
    expect(told).toMatchObject({ ...typing, user_id: person.id });
    // by the clock of the gateway that tells it
    expect(Math.abs(told.expires_at - nowSeconds() - offSeconds)).toBeLessThanOrEqual(10);
  }

  const fleeting = (from: typeof alice, to: typeof alice) =>
    makeChat(
      {
        ...{ from, device: from.device(1), to: to.id, conversationId: conversation.id },
        ...{ clientSeq: 1, payload: `soon gone, by ${from.id}` },
      },
      { signed: { metadata: { expires_at: nowSeconds() + 120 } } },
    );
  asAlice.send('chat', fleeting(alice, bob));
  asBob.send('chat', fleeting(bob, alice));
  const both = [`soon gone, by ${alice.id}`, `soon gone, by ${bob.id}`];
  const hasBoth = (received: readonly { payload: Buffer }[]): boolean =>
    both.every((text) => received.some(({ payload }) => payload.toString() === text));
  for (const { received } of [alices, bobs]) await until('both have come', () => hasBoth(received));
});
