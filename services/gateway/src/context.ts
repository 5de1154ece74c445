import type { Directory, FileBudget, OutStreams } from '@securechat/directory';
import type { Clock, Logger } from '@securechat/kernel';
import type { Hub } from './connection/hub.ts';
import type { Deployment } from './deployment.ts';
import type { Identity } from './identity.ts';
import type { Bandwidth } from './limits/bandwidth.ts';
import type { GlobalLimit } from './limits/global-limit.ts';
import type { GroupLimit } from './limits/group-limit.ts';
import type { MessageLimit } from './limits/message-limit.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Reporter } from './presence/reporter.ts';
import type { Watchers } from './presence/watchers.ts';
import type { Revocations } from './revocations.ts';
import type { AckIngress } from './streams/ack-ingress.ts';
import type { Ingress } from './streams/ingress.ts';
import type { Requests } from './streams/requests.ts';

/** What connections and handlers share. Built once, in `parts.ts`. */
export type GatewayContext = {
  /** Unique per process: name and random suffix. Also the name of its out stream. */
  readonly gatewayId: string;
  readonly connectionsPerUser: number;
  readonly timeouts: {
    /** From accepting a socket to the end of its login. */
    readonly handshakeMs: number;
    /** A frame must be complete this long after its first byte. */
    readonly frameMs: number;
    /** A client that reads nothing for this long is too slow. */
    readonly stuckMs: number;
  };
  /** Announced to clients in `server_hello`. */
  readonly publicLimits: Record<string, number>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  readonly hub: Hub;
  readonly identity: Identity;
  readonly deployment: Deployment;
  readonly revocations: Revocations;
  readonly directory: Directory;
  readonly outStreams: OutStreams;
  /** All live gateways, including this one. */
  liveGateways(): readonly string[];
  readonly messageLimit: MessageLimit;
  readonly groupLimit: GroupLimit;
  /** New conversations. */
  readonly conversationLimit: GroupLimit;
  /** For `group_commit`: remaining members must be able to commit after every leave and every thousand messages. */
  readonly commitLimit: GroupLimit;
  readonly globalLimit: GlobalLimit;
  readonly bandwidth: Bandwidth;
  /** Of files, shared with the files service. */
  readonly fileBudget: FileBudget;
  readonly ingress: Ingress;
  readonly ackIngress: AckIngress;
  readonly requests: Requests;
  readonly reporter: Reporter;
  readonly watchers: Watchers;
};
