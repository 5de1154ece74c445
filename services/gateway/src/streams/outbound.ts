import type { Logger } from '@securechat/kernel';
import { downstream, encodeFrame, ProtocolError, upstream } from '@securechat/protocol';
import { type OutRecord, type Packed, unpackEntry } from '@securechat/protocol/internal';
import { pushFrame } from '../connection/mailbox-frames.ts';
import { refuse } from '../connection/refuse.ts';
import type { GatewayContext } from '../context.ts';
import { warnOfLowKeys } from '../handlers/key_count.ts';

type HandlerOf<K extends OutRecord['kind']> = (
  context: GatewayContext,
  record: Extract<OutRecord, { kind: K }>,
  body: Uint8Array,
) => void;

/** Handlers of records from other services, by kind. Records for closed connections are ignored. */
const handlers: { [K in OutRecord['kind']]: HandlerOf<K> } = {
  stored({ hub, clock, metrics }, record) {
    const connection = hub.get(record.connection);
    if (!connection) return;
    connection.intake.messageAnswered();
    metrics.sendToAck(clock.now() - record.received_at);
    connection.send('ack', {
      type: 'ack',
      ref: record.ref,
      status: 'stored',
      conversation_id: record.conversation,
      conv_seq: record.conv_seq,
      server_ts_ms: record.at,
      ...(record.dup ? { dup: true } : {}),
    });
  },

  refused({ hub }, record) {
    const connection = hub.get(record.connection);
    if (!connection) return;
    connection.intake.messageAnswered();
    refuse(connection, new ProtocolError(record.error, record.detail));
  },

  deliver({ hub, clock, metrics }, record, body) {
    const isExpired = record.expires_at !== undefined && record.expires_at * 1000 <= clock.now();
    for (const [device, seq] of record.to) {
      const connection = hub.ofDevice(device);
      if (!connection) continue;
      // The page that follows covers the gap.
      if (isExpired) connection.mailbox.reaches(seq);
      else {
        connection.mailbox.push(seq, record.type, () => {
          metrics.sendToDeliver(clock.now() - record.received_at);
          return pushFrame(record.type, body, { seq, conv_seq: record.conv_seq, server_ts_ms: record.at });
        });
      }
    }
  },

  head({ hub }, record) {
    for (const [device, seq] of record.to) hub.ofDevice(device)?.mailbox.reaches(seq);
  },

  receipts({ hub }, record) {
    for (const device of record.to) {
      const connection = hub.ofDevice(device);
      for (const mark of record.marks) connection?.send('receipt', { type: 'receipt', ...mark });
    }
  },

  keys({ hub }, record) {
    const connection = hub.ofDevice(record.device);
    if (connection) warnOfLowKeys(connection, record);
  },

  presence({ watchers }, record) {
    watchers.told(record.at, record.states);
  },

  recheck({ watchers }, record) {
    watchers.recheck(record.user, record.viewers);
  },

  typing({ hub, clock }, { to, conversation, from, typing, within_ms }) {
    // presence has looked whether it is still news: the sender's gateway may have another clock than this one
    const expires_at = Math.floor((clock.now() + within_ms) / 1000);
    for (const device of to)
      hub
        .ofDevice(device)
        ?.send('typing', { type: 'typing', chat_id: conversation, user_id: from, typing, expires_at });
  },

  signal({ hub }, record, body) {
    const frame = encodeFrame(upstream[record.type].id, Uint8Array.from(body));
    for (const device of record.to) hub.ofDevice(device)?.sendFrame(record.type, frame);
  },

  file({ hub }, record, body) {
    const frame = encodeFrame(downstream[record.type].id, body);
    for (const device of record.to) hub.ofDevice(device)?.sendFrame(record.type, frame);
  },

  reply({ requests }, record, body) {
    requests.answered(record.correlation, body);
  },

  close({ hub }, record) {
    hub.get(record.connection)?.close(record.reason);
  },
};

/** Handles one entry of the out stream. A record that fails is logged and skipped. */
export function dispatch(context: GatewayContext, entry: Buffer): void {
  for (const { head, body } of readEntry(entry, context.logger)) {
    const handle = handlers[head.kind] as HandlerOf<typeof head.kind> | undefined;
    try {
      handle?.(context, head as never, body);
    } catch (err) {
      context.logger.error({ err, kind: head.kind }, 'record of the out stream could not be handled');
    }
  }
}

function readEntry(entry: Buffer, logger: Logger): Packed<OutRecord>[] {
  try {
    return unpackEntry<OutRecord>(entry);
  } catch (err) {
    logger.error({ err }, 'unreadable entry on the out stream');
    return [];
  }
}
