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
import { Lane } from './lane.ts';

/** About a second of entries at full load; beyond it the sender is told to come back. */
const MAX_STREAM_ENTRIES = 4_000;
const DEPART_EVERY_MS = 3;

export type Ingress = {
  /** Takes a checked message to delivery, in the order of its conversation. Throws when this process holds too much. */
  pass(connection: Connection, message: Packed<IngressRecord>): void;
  isIdle(): boolean;
};

/** Messages from this gateway to delivery: one lane for each partition. Bounded in bytes over all lanes. */
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

  return {
    pass(connection, message) {
      const lane = lanes[partitionOf(message.head.conversation, lanes.length)];
      if (!lane || bytes + message.body.length > maxBytes) throw unavailable(message.head.id);
      bytes += message.body.length;
      connection.intake.messageLeft();
      lane.add(message, {
        onDone: () => {
          bytes -= message.body.length;
        },
        onRefused: () => {
          metrics.ingressRefused();
          connection.intake.messageAnswered();
          refuse(connection, unavailable(message.head.id));
        },
      });
    },
    isIdle: () => lanes.every((lane) => lane.isIdle),
  };
}
