import type { Client, Conversation, Message } from '@securechat/client';

/** An event as scripts get it. Fields never change their meaning; new ones may be added. docs/cli.md lists them. */
export type Line = Readonly<{ type: string } & Record<string, unknown>>;

/** `message`: new on this device; `message-changed`: text, reactions or status changed. */
export function messageLine(chat: Conversation, message: Message, type: 'message' | 'message-changed'): Line {
  const { id, from, deviceId, isOwn, sentAtMs, place, body, replyTo, threadId } = message;
  const { editedAtMs, expiresAtMs, reactions, status, failure } = message;
  return {
    type,
    conversation: chat.id,
    kind: chat.kind,
    ...(chat.name === '' ? {} : { name: chat.name }),
    ...{ id, from, device: deviceId, isOwn, sentAtMs, place, body, replyTo, threadId },
    ...{ editedAtMs, expiresAtMs, reactions, status, failure },
  };
}

export function conversationLine(chat: Conversation): Line {
  const { id, kind, name, memberIds, ownRole, isMember, isRequest, isBlocked, isMuted, isStuck, unread } =
    chat;
  return {
    ...{ type: 'conversation', conversation: id, kind, name, peer: chat.peer, members: memberIds },
    ...{ ownRole, isMember, isRequest, isBlocked, isMuted, isStuck, unread, activeAtMs: chat.activeAtMs },
  };
}

/** Prints every event for scripts from now on. */
export function listenForLines(client: Client, print: (line: Line) => void): void {
  client.on('state', (state) => print({ type: 'state', state, ...client.me }));
  client.on('conversation', (chat) => print(conversationLine(chat)));
  client.on('request', (chat) => print({ type: 'request', conversation: chat.id, from: chat.peer }));
  client.on('message', ({ conversation, message, isNew }) =>
    print(messageLine(conversation, message, isNew ? 'message' : 'message-changed')),
  );
  client.on('vanished', ({ conversation, messageId }) =>
    print({ type: 'vanished', conversation: conversation.id, id: messageId }),
  );
  client.on('receipt', ({ conversation, userId }) => print(receiptLine(conversation, userId)));
  client.on('outbox', ({ waiting }) => print({ type: 'outbox', waiting }));
  client.on('alarm', ({ type: alarm, conversationId, messageId, ...rest }) =>
    print({ type: 'alarm', alarm, conversation: conversationId, id: messageId, ...rest }),
  );
}

function receiptLine(chat: Conversation, userId: string): Line {
  const member = chat.members().find((each) => each.userId === userId);
  const { deliveredThrough, readThrough } = member ?? {};
  return { type: 'receipt', conversation: chat.id, userId, deliveredThrough, readThrough };
}
