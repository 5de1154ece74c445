import { randomBytes } from 'node:crypto';
import { encodeUpstream, transcript, type Upstream } from '@securechat/protocol';
import { makeGroupCreate, newConversationId, nowSeconds, type Person } from '@securechat/testkit';
import { type MakeFrame, messageId } from './ledger.ts';

/** 384 bytes of ciphertext are 512 characters of base64; the whole frame has about 880 bytes. */
export const CIPHERTEXT_BYTES = 384;
export const BODY_CHARACTERS = 512;

/** One device's messages in one conversation; `to` is a user or the conversation. */
export type ChatPlace = { from: Person; to: string; conversationId: string };
export type DirectPlace = ChatPlace & { peer: Person };

export function routeBetween(from: Person, peer: Person, conversationId = newConversationId()): DirectPlace {
  return { from, to: peer.id, peer, conversationId };
}

/** The operation that creates a route's conversation; sent by its sender's session. */
export function beginningOf({ from, peer, conversationId }: DirectPlace): Upstream<'group_create'> {
  return makeGroupCreate({ creator: from, device: from.device(0), peer, conversationId });
}

/** Signed chats whose place in the route is also their `client_seq`. */
export function chatFrames(places: readonly ChatPlace[]): MakeFrame {
  const payloads = places.map(() => randomBytes(CIPHERTEXT_BYTES).toString('base64'));
  return (route, seq) => {
    const place = places[route] as ChatPlace;
    const id = messageId(route, seq);
    const device = place.from.device(0);
    const fields: Omit<Upstream<'chat'>, 'signature'> = {
      type: 'chat',
      id,
      from: place.from.id,
      to: place.to,
      device_id: device.id,
      conversation_id: place.conversationId,
      epoch: 0,
      client_seq: seq,
      timestamp: nowSeconds(),
      encrypted: true,
      nonce: Buffer.from(id.slice(2).padEnd(16, '-')).toString('base64'),
      payload: payloads[route] as string,
    };
    const signature = device.key.sign(transcript('envelope', fields)).toString('base64');
    return encodeUpstream('chat', { ...fields, signature });
  };
}
