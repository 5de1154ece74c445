import {
  type Downstream,
  type DownstreamName,
  downstream,
  downstreamById,
  type Upstream,
  type UpstreamName,
  upstream,
  upstreamById,
} from '../catalog.ts';
import { ProtocolError } from '../errors.ts';
import { type Check, checkerOf } from '../schema/check.ts';
import type { Schema } from '../schema/type.ts';
import { parseJsonObject } from './json.ts';

/** Compiled on first use: a client needs few of them, and start-up stays short. */
function madeOnce(schemaOf: (name: string) => Schema): (name: string) => Check {
  const made = new Map<string, Check>();
  return (name) => {
    const known = made.get(name);
    if (known) return known;
    const check = checkerOf(schemaOf(name));
    made.set(name, check);
    return check;
  };
}

const upCheck = madeOnce((name) => upstream[name as UpstreamName].up);
const downCheck = madeOnce((name) => downstream[name as DownstreamName].down);

/**
 * Client frame payload to checked message. Throws `ProtocolError`: UNKNOWN_TYPE for an id that is not in the
 * catalogue, otherwise INVALID_MESSAGE_FORMAT with the path of the fault.
 */
export function decodeUpstream(type: number, payload: Uint8Array): Upstream {
  const definition = upstreamById.get(type);
  if (!definition) throw new ProtocolError('UNKNOWN_TYPE');
  return decode(definition.name, upCheck(definition.name), payload) as Upstream;
}

/** Server frame payload to checked message; undefined for a type this version does not know. */
export function decodeDownstream(type: number, payload: Uint8Array): Downstream | undefined {
  const definition = downstreamById.get(type);
  if (!definition) return undefined;
  return decode(definition.name, downCheck(definition.name), payload) as Downstream;
}

function decode(name: string, check: Check, payload: Uint8Array): unknown {
  const message = parseJsonObject(payload);
  if (message.type !== name)
    throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/type', ...referenceOf(message) });
  const fault = check(message);
  if (!fault) return message;
  throw new ProtocolError('INVALID_MESSAGE_FORMAT', {
    // Told only to the peer: an unknown field's name is the peer's own text. The cut may split a surrogate pair,
    // which our own JSON readers would refuse.
    path: `${fault.path || '/'} ${fault.keyword}`.slice(0, 96).toWellFormed(),
    ...referenceOf(message),
  });
}

const ID = /^[A-Za-z0-9_-]{1,64}$/;
function referenceOf(message: Record<string, unknown>): { reference_id?: string } {
  return typeof message.id === 'string' && ID.test(message.id) ? { reference_id: message.id } : {};
}
