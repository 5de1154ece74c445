import { downstreamById, upstreamById } from '../catalog.ts';
import { MAX_BYTES_BEFORE_LOGIN, MAX_DEFAULT_BYTES } from '../limits.ts';

/** Payload cap for client frames. An unknown type gets the default cap: it is answered, not fatal. */
export function upstreamLimit(type: number): number {
  return upstreamById.get(type)?.maxUpBytes ?? MAX_DEFAULT_BYTES;
}

/** Before login no frame is longer than a hello. */
export function limitBeforeLogin(type: number): number {
  return Math.min(MAX_BYTES_BEFORE_LOGIN, upstreamLimit(type));
}

export function downstreamLimit(type: number): number {
  return downstreamById.get(type)?.maxDownBytes ?? MAX_DEFAULT_BYTES;
}
