import type { RedisClient } from '@securechat/kernel';
import {
  type IngressRecord,
  type Packed,
  partitionOf,
  type StreamNames,
} from '@securechat/protocol/internal';
import type { Connection } from '../connection/connection.ts';
import { refuse } from '../connection/refuse.ts';
import { unavailable } from '../handlers/admit.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { Departures } from './departures.ts';
import { Lane, type LaneEvents } from './lane.ts';

/** About a second of entries at full load; beyond it senders are told to retry later. */
const MAX_STREAM_ENTRIES = 4_000;
const DEPART_EVERY_MS = 3;

export type Ingress = {
  /** Passes a checked message to delivery, in conversation order. Throws when this process holds too much. */
  pass(connection: Connection, message: Packed<IngressRecord>): void;
  isIdle(): boolean;
};

/** Messages from this gateway to delivery: one lane per partition. Bounded in bytes over all lanes. */
export function createIngress(parts: {
  redis: RedisClient;
  streams: StreamNames;
  maxBytes: number;
  metrics: GatewayMetrics;
}): Ingress {
  const { streams, maxBytes, metrics } = parts;
  const departures = new Departures(DEPART_EVERY_MS);
  const lanes = streams.ordered.map(
    (stream) => new Lane<IngressRecord>(parts.redis, { stream, maxEntries: MAX_STREAM_ENTRIES, departures }),
  );
  let bytes = 0;

  /** A function of its own, or they would retain the message: closures share the scope in which they are created. */
  const eventsOf = (connection: Connection, id: string, size: number): LaneEvents => ({
    onDone: () => {
      bytes -= size;
    },
    onRefused: () => {
      metrics.ingressRefused();
      connection.intake.messageAnswered();
      refuse(connection, unavailable(id));
    },
  });

  return {
    pass(connection, message) {
      const { id, conversation } = message.head;
      const size = message.body.length;
      const lane = lanes[partitionOf(conversation, lanes.length)];
      if (!lane || bytes + size > maxBytes) throw unavailable(id);
      bytes += size;
      connection.intake.messageLeft();
      lane.add(message, eventsOf(connection, id, size));
    },
    isIdle: () => lanes.every((lane) => lane.isIdle),
  };
}
