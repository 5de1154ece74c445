import type { Message } from '@securechat/client';

/** A text message from bob at noon, with the test's changes. */
export function message(id: string, change: Partial<Message> = {}): Message {
  return {
    id,
    conversationId: 'c',
    from: 'bob',
    deviceId: 'd',
    isOwn: false,
    sentAtMs: new Date(2026, 4, 1, 12).getTime(),
    place: 1,
    body: { type: 'text', text: id, format: 'plain', mentions: [] },
    reactions: {},
    ...change,
  };
}
