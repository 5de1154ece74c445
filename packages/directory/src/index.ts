export { type BulkList, createBulkList, openBulkReader } from './bulk-list.ts';
export {
  CONVERSATION_WINDOW_MS,
  type Counts,
  GROUP_WINDOW_MS,
  MESSAGE_BUCKETS,
  messageCount,
  readCounts,
} from './counts.ts';
export {
  createDirectory,
  type Directory,
  GATEWAY_DEAD_AFTER_MS,
  GATEWAY_HEARTBEAT_MS,
  type Registration,
  type Route,
} from './directory.ts';
export { createFileBudget, type FileBudget, type FileGrant } from './file-budget.ts';
export { type DirectoryKeys, directoryKeys } from './keys.ts';
export {
  type Announcer,
  announceLimits,
  announcers,
  type LimitInForce,
  type LimitsInForce,
  readLimits,
} from './limits-in-force.ts';
export { createOutStreams, type OutStreams } from './out-streams.ts';
export {
  createRevocationSet,
  REVOCATION_KEPT_MS,
  type RevocationChange,
  type RevocationPage,
  type RevocationSet,
} from './revocation-set.ts';
