import { isError, type Logger, type RedisClient } from '@securechat/kernel';
import { type ServerCapability, serverCapabilities, type UpstreamName, upstream } from '@securechat/protocol';
import { type Owner, routing, type StreamNames } from '@securechat/protocol/internal';
import { requestStreams, type Service } from './streams/request-streams.ts';

/** The message types that make up a capability. */
const consistsOf: Record<ServerCapability, readonly string[]> = {
  message_relay: ['chat'],
  offline_storage: ['chat', 'resume', 'sync'],
  presence: ['presence', 'presence_subscribe', 'typing'],
  push_notifications: ['push_subscribe', 'push_unsubscribe'],
  file_transfer: ['file_offer', 'file_chunk', 'file_chunk_request', 'file_progress'],
};

/** Until all are found: clients that log in while a deployment starts should soon be told the truth. */
const LOOK_EVERY_MS = 250;

export type Deployment = {
  /** Announced to clients: only what is spoken here and has a service behind it. */
  capabilities(): string[];
  /** Whether the service was seen since this gateway started. */
  has(service: Service): boolean;
  start(): Promise<void>;
  stop(): void;
};

/**
 * Which services this deployment has: each leaves a consumer group on its request stream. One that was seen stays
 * listed; if it is missing later, that is an outage and not another deployment.
 */
export function createDeployment(parts: {
  redis: RedisClient;
  streams: StreamNames;
  logger: Logger;
}): Deployment {
  const { redis, streams, logger } = parts;
  const streamOf = Object.entries(requestStreams(streams)) as [Service, string][];
  const seen = new Set<Owner>(['gateway']);
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function look(): Promise<void> {
    for (const [service, stream] of streamOf)
      if (!seen.has(service) && (await hasGroup(redis, stream))) seen.add(service);
    if (streamOf.every(([service]) => seen.has(service))) clearInterval(timer);
  }

  async function lookSafely(): Promise<void> {
    await look().catch((err: unknown) =>
      logger.debug({ err }, 'services of the deployment not looked up yet'),
    );
  }

  const isServed = (type: string): boolean =>
    type in upstream && seen.has(routing[type as UpstreamName].owner);
  return {
    has: (service) => seen.has(service),
    capabilities: () => serverCapabilities.filter((capability) => consistsOf[capability].every(isServed)),
    async start() {
      if (isStopped) return;
      clearInterval(timer);
      timer = setInterval(() => void lookSafely(), LOOK_EVERY_MS);
      await lookSafely();
    },
    stop() {
      isStopped = true;
      clearInterval(timer);
    },
  };
}

async function hasGroup(redis: RedisClient, stream: string): Promise<boolean> {
  try {
    return ((await redis.xinfo('GROUPS', stream)) as unknown[]).length > 0;
  } catch (error) {
    if (isError(error) && /no such key/.test(error.message)) return false;
    throw error;
  }
}
