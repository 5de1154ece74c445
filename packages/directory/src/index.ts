export {
  createDirectory,
  type Directory,
  GATEWAY_DEAD_AFTER_MS,
  GATEWAY_HEARTBEAT_MS,
  type Registration,
  type Route,
} from './directory.ts';
export { createOutStreams, type OutStreams } from './out-streams.ts';
