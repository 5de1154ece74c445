import type { Directory, OutStreams, Route } from '@securechat/directory';
import type { Logger } from '@securechat/kernel';
import type { OutRecord } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import type { BatchPlan } from './batch-plan.ts';
import { addDelivery, addRecord, type Delivery, type GatewayRecords } from './gateway-records.ts';
import type { DeliveryMetrics } from './metrics.ts';

/** Batches being published; more wait, so that a slow Redis puts backpressure on commits. */
const MAX_UNDER_WAY = 4;
const REANNOUNCE_EVERY_MS = 500;
/** Beyond this the gateways' periodic sweep finds the rest. */
const MAX_UNANNOUNCED = 20_000;

export type Publisher = {
  /** Tells senders and recipients the outcome of a committed batch. Batches are published in the order given. */
  publish(plan: BatchPlan): void;
  /** Pushes messages that were stored earlier to their recipients. */
  deliver(deliveries: readonly Delivery[]): void;
  /** Sends records to the gateways where these users are connected; `to` picks the record for a route. */
  send(users: readonly number[], to: (route: Route) => OutRecord | undefined): void;
  /** Tells these devices' gateways their mailbox heads, retrying until it succeeds. */
  announce(devices: readonly number[]): void;
  /** Resolves when another batch may be published. */
  room(): Promise<void>;
  /** Resolves when everything handed over so far has been sent, or queued for announcement. */
  settled(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
};

/**
 * The path from delivery to the gateways. It may lose anything: a sender asks again for a lost answer, a lost push
 * leaves a gap which the gateway fetches, and devices whose push is known to have failed are announced until that
 * succeeds.
 */
export function createPublisher(parts: {
  directory: Directory;
  outStreams: OutStreams;
  pool: Pool;
  logger: Logger;
  metrics: DeliveryMetrics;
}): Publisher {
  const { directory, outStreams, pool, logger, metrics } = parts;
  const unannounced = new Set<number>();
  let tail: Promise<void> = Promise.resolve();
  let underWay = 0;
  let timer: NodeJS.Timeout | undefined;

  function note(devices: Iterable<number>): void {
    for (const device of devices) if (unannounced.size < MAX_UNANNOUNCED) unannounced.add(device);
  }

  function enqueue(work: () => Promise<void>, devicesIfLost: () => Iterable<number>): void {
    underWay++;
    tail = tail
      .then(work)
      .catch((err: unknown) => {
        metrics.publishFailures.inc();
        logger.warn({ err }, 'publishing failed; the devices will be told again');
        note(devicesIfLost());
      })
      .finally(() => {
        underWay--;
      });
  }

  async function tell(answers: BatchPlan['answers'], deliveries: readonly Delivery[]): Promise<void> {
    const records: GatewayRecords = new Map();
    for (const { gateway, record } of answers) addRecord(records, gateway, record);
    const users = deliveries.flatMap(({ recipients }) => recipients.map(({ user }) => user));
    const routes = users.length > 0 ? await directory.locate(users) : new Map<number, Route[]>();
    for (const delivery of deliveries) addDelivery(records, delivery, routes);
    await flush(records, users);
  }

  /** A missing stream means that its gateway is dead, so its routes are forgotten. */
  async function flush(records: GatewayRecords, users: readonly number[]): Promise<void> {
    const sent = [...records].map(async ([gateway, ofGateway]) => {
      if ((await outStreams.send(gateway, ofGateway)) || users.length === 0) return;
      metrics.staleRoutes.inc();
      await directory.forgetGateway(gateway, [...new Set(users)]);
    });
    await Promise.all(sent);
  }

  async function announceNow(): Promise<void> {
    const devices = [...unannounced].slice(0, 1000);
    // Removed first: an announcement made while we read may be newer than what we read.
    for (const device of devices) unannounced.delete(device);
    try {
      await tellHeads(devices);
    } catch (error) {
      note(devices);
      throw error;
    }
  }

  async function tellHeads(devices: number[]): Promise<void> {
    const heads = await pool.query<{ device_id: number; user_id: number; head_seq: number }>(
      'SELECT device_id, user_id, head_seq FROM delivery.device_queue WHERE device_id = ANY($1)',
      [devices],
    );
    const users = heads.rows.map((row) => row.user_id);
    const routes = await directory.locate(users);
    const records: GatewayRecords = new Map();
    for (const row of heads.rows) {
      for (const route of routes.get(row.user_id) ?? []) {
        if (route.device !== row.device_id) continue;
        addRecord(records, route.gateway, { kind: 'head', to: [[row.device_id, row.head_seq]] });
      }
    }
    await flush(records, users);
  }

  return {
    publish(plan) {
      const deliveries = plan.stored.map((message) => deliveryOf(message, plan.nowMs));
      enqueue(
        () => tell(plan.answers, deliveries),
        () => devicesOf(deliveries),
      );
    },

    deliver(deliveries) {
      enqueue(
        () => tell([], deliveries),
        () => devicesOf(deliveries),
      );
    },

    send: (users, to) =>
      enqueue(
        async () => {
          const records: GatewayRecords = new Map();
          for (const routes of (await directory.locate(users)).values()) {
            for (const route of routes) {
              const record = to(route);
              if (record) addRecord(records, route.gateway, record);
            }
          }
          await flush(records, users);
        },
        () => [],
      ),

    announce(devices) {
      note(devices);
      if (unannounced.size > 0) enqueue(announceNow, () => []);
    },

    async room() {
      while (underWay >= MAX_UNDER_WAY) await tail;
    },

    settled: () => tail,

    start() {
      timer = setInterval(() => {
        if (unannounced.size > 0 && underWay === 0) enqueue(announceNow, () => []);
      }, REANNOUNCE_EVERY_MS);
    },

    async stop() {
      clearInterval(timer);
      await tail;
    },
  };
}

const devicesOf = (deliveries: readonly Delivery[]): number[] =>
  deliveries.flatMap(({ recipients }) => recipients.map(({ device }) => device));

function deliveryOf(message: BatchPlan['stored'][number], nowMs: number): Delivery {
  const { record, convSeq, expiresAt, body, welcome, recipients } = message;
  const { type, at: receivedAtMs } = record;
  return { type, convSeq, atMs: nowMs, receivedAtMs, expiresAt, body, welcome, recipients };
}
