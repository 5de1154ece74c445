import { type RedisClient, sleep } from '@securechat/kernel';
import type { AckRecord, StreamNames } from '@securechat/protocol/internal';
import type { Session } from '../connection/session.ts';
import { Departures } from './departures.ts';
import { Lane } from './lane.ts';

const MAX_STREAM_ENTRIES = 10_000;
/** Nobody waits for these; batching saves entries, wake-ups and commits. */
const LINGER_MS = 25;
/** Poll interval, at a stop, for whether everything has been sent. */
const IDLE_LOOK_MS = 5;
const NOTHING = new Uint8Array(0);

export type AckIngress = {
  /** Already clamped to what the connection was sent. */
  acknowledge(connection: number, session: Session, through: number): void;
  read(connection: number, session: Session, conversation: string, through: number): void;
  /** Resolves when everything collected has been sent. */
  flush(): Promise<void>;
};

/**
 * Device acks and read marks, to their user's partition. Only the newest of each is passed on, since they are
 * cumulative. Losing one is harmless: the device acknowledges again, at the latest when it resumes.
 */
export function createAckIngress(parts: {
  redis: RedisClient;
  streams: StreamNames;
  gatewayId: string;
  now: () => number;
}): AckIngress {
  const departures = new Departures(0);
  const lanes = parts.streams.acks.map(
    (stream) => new Lane<AckRecord>(parts.redis, { stream, maxEntries: MAX_STREAM_ENTRIES, departures }),
  );
  let waiting = new Map<string, AckRecord>();
  let timer: NodeJS.Timeout | undefined;

  function flushNow(): void {
    clearTimeout(timer);
    timer = undefined;
    for (const head of waiting.values()) lanes[head.user % lanes.length]?.add({ head, body: NOTHING });
    waiting = new Map();
  }

  function gather(key: string, record: AckRecord): void {
    waiting.set(key, record);
    timer ??= setTimeout(flushNow, LINGER_MS);
  }

  const originOf = (connection: number, { user, device }: Session) => ({
    gateway: parts.gatewayId,
    connection,
    user,
    device,
    at: parts.now(),
  });

  return {
    acknowledge(connection, session, through) {
      gather(`${session.device}`, { type: 'ack', ...originOf(connection, session), through });
    },
    read(connection, session, conversation, through) {
      const key = `${session.user}:${conversation}`;
      const known = waiting.get(key);
      const furthest = known?.type === 'receipt' ? Math.max(known.read_through, through) : through;
      gather(key, {
        type: 'receipt',
        ...originOf(connection, session),
        conversation,
        read_through: furthest,
      });
    },
    async flush() {
      flushNow();
      while (!lanes.every((lane) => lane.isIdle)) await sleep(IDLE_LOOK_MS);
    },
  };
}
