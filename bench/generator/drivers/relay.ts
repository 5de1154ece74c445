import { randomBytes } from 'node:crypto';
import {
  downstream,
  encodeFrame,
  encodeUpstream,
  HEADER_BYTES,
  type Upstream,
  upstream,
} from '@securechat/protocol';
import { newConversationId, nowSeconds } from '@securechat/testkit';
import { CIPHERTEXT_BYTES } from '../chat-frames.ts';
import { type MakeFrame, messageId, writeMessageId } from '../ledger.ts';
import type { Framing } from '../websocket.ts';
import { type Driver, type Target, urlFor } from './driver.ts';
import { PlainLine } from './plain-line.ts';

const GROUP = 'everybody';
/** Position of the id, in a chat and in an ack. */
const ID_AT = HEADER_BYTES + '{"type":"chat","id":"'.length;
const FRAMING: Framing = { kind: 'binary' };

const nameOf = (user: number): string => `user_${user}`;
const frameOf = (type: number, body: object): Uint8Array =>
  encodeFrame(type, Buffer.from(JSON.stringify(body)));

/** The bare relay of bench/peers: our header, and chats of the same size as ours, of which it reads only the recipient. */
export function relayDriver(target: Target): Driver {
  const lines = new Map<number, PlainLine>();
  return {
    enrol: async () => undefined,

    async open(user, { ledger, tally, onAck, onDelivery }) {
      const hello = frameOf(upstream.client_hello.id, { type: 'client_hello', user: nameOf(user) });
      const options = { url: urlFor(target, user), framing: FRAMING, tally, name: nameOf(user) };
      const read = (bytes: Buffer, line: PlainLine): void => {
        const type = bytes.readUInt16BE(10);
        if (type === downstream.server_hello.id) return line.ready();
        const message = ledger.numberAt(bytes, ID_AT);
        if (type === downstream.ack.id) onAck(message, ledger.noteAck(message));
        else onDelivery(message, ledger.noteDelivery(message));
      };
      const line = await PlainLine.open({ ...options, read }, hello);
      lines.set(user, line);
      return line;
    },

    inPairs: (routes) => ({
      frame: chats(routes.map(({ from, to }) => ({ from: nameOf(from), to: nameOf(to) }))),
      begin: async () => undefined,
    }),

    inGroup: (members) => ({
      frame: chats(members.map((from) => ({ from: nameOf(from), to: GROUP }))),
      async begin() {
        const join = frameOf(upstream.group_create.id, { type: 'group_create', group: GROUP });
        for (const user of members) lines.get(user)?.send(join);
      },
    }),
  };
}

/** All messages of a route are equal except for the id. Nobody checks the signature. */
function chats(routes: readonly { from: string; to: string }[]): MakeFrame {
  const patterns = routes.map((place, route) => {
    const fields: Upstream<'chat'> = {
      type: 'chat',
      id: messageId(route, 0),
      ...place,
      device_id: 'phone',
      conversation_id: newConversationId(),
      epoch: 0,
      client_seq: 1,
      timestamp: nowSeconds(),
      encrypted: true,
      nonce: randomBytes(16).toString('base64'),
      payload: randomBytes(CIPHERTEXT_BYTES).toString('base64'),
      signature: randomBytes(64).toString('base64'),
    };
    return Buffer.from(encodeUpstream('chat', fields));
  });
  return (route, seq) => {
    const frame = Buffer.from(patterns[route] as Buffer);
    writeMessageId(frame, ID_AT, route, seq);
    return frame;
  };
}
