import type { Directory, OutStreams } from '@securechat/directory';
import type { Clock, Logger } from '@securechat/kernel';
import type { Hub } from './connection/hub.ts';
import type { Identity } from './identity.ts';
import type { MessageLimit } from './limits/message-limit.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { AckIngress } from './streams/ack-ingress.ts';
import type { Ingress } from './streams/ingress.ts';
import type { Requests } from './streams/requests.ts';

/** What connections and handlers share. Built once, in `app.ts`. */
export type GatewayContext = {
  /** Unique to this process: name and boot part. Also the name of its out stream. */
  readonly gatewayId: string;
  readonly connectionsPerUser: number;
  readonly handshakeTimeoutMs: number;
  /** Told to clients in `server_hello`. */
  readonly publicLimits: Record<string, number>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  readonly hub: Hub;
  readonly identity: Identity;
  readonly directory: Directory;
  readonly outStreams: OutStreams;
  /** Other gateways that are alive, this one among them. */
  liveGateways(): readonly string[];
  readonly messageLimit: MessageLimit;
  readonly ingress: Ingress;
  readonly ackIngress: AckIngress;
  readonly requests: Requests;
};
