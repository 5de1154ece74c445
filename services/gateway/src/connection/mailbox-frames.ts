import { downstream, encodeFrame, upstream } from '@securechat/protocol';
import {
  type StoredType,
  type SyncPageHead,
  stampedFrame,
  stampPayload,
} from '@securechat/protocol/internal';

const COMMA = Buffer.from(',');

/** The `sync_page` frame of a page; items are the senders' bytes with a stamp, never parsed. */
export function pageFrame(head: SyncPageHead, bodies: Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from('{"type":"sync_page","items":[')];
  head.items.forEach((item, index) => {
    if (index > 0) parts.push(COMMA);
    const stamp = { seq: item.seq, conv_seq: item.conv_seq, server_ts_ms: item.at };
    parts.push(stampPayload(bodies[index] ?? new Uint8Array(0), stamp));
  });
  const { through, more, mailbox_epoch, receipts } = head;
  parts.push(Buffer.from(`],${JSON.stringify({ through, more, mailbox_epoch, receipts }).slice(1)}`));
  return encodeFrame(downstream.sync_page.id, Buffer.concat(parts));
}
/** The frame of one pushed message. */
export function pushFrame(
  type: StoredType,
  body: Uint8Array,
  stamp: { seq: number; conv_seq: number; server_ts_ms: number },
): Uint8Array {
  return stampedFrame(upstream[type].id, body, stamp);
}
