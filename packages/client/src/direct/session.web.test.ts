import { expect, test } from '@jest/globals';
import { systemClock } from '../clock.ts';
import { BadContent } from '../content/shape.ts';
import type { PeerEvents } from './peer.ts';
import { Session, type SessionParts } from './session.ts';

test('an end that sends faster than it is heard is heard in part, and again afterwards', async () => {
  const refused: unknown[] = [];
  const offered = Promise.withResolvers<PeerEvents>();
  const session = new Session({
    ...{ id: 'p2p_1', conversationId: 'c_1', isCaller: true, other: { userId: 'ben', deviceId: 'd_1' } },
    clock: systemClock,
    core: {} as SessionParts['core'],
    servers: async () => [],
    makePeer: (_servers, events) => ({
      offer: async () => {
        offered.resolve(events);
        return 'sdp';
      },
      answer: async () => 'sdp',
      accept: async () => {},
      add: async () => {},
      send: () => true,
      close: () => {},
    }),
    signal: async () => {},
    heard: async () => {},
    changed: () => {},
    ended: () => {},
    failed: (error) => error instanceof BadContent && refused.push(error),
  });
  session.begin();
  const events = await offered.promise;
  const flood = async (): Promise<number> => {
    refused.length = 0;
    for (let sent = 0; sent < 5_000; sent++) events.text('no frame');
    await new Promise((resolve) => setTimeout(resolve, 100));
    return refused.length;
  };
  expect(await flood()).toBe(256);
  expect(await flood()).toBe(256);
  session.end();
});
