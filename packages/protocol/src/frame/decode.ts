import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
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
import { parseJsonObject } from './json.ts';

/** Compiled on first use: a client needs few of them, and start-up stays short. */
function compileOnce(schemaOf: (name: string) => TSchema): (name: string) => Validator {
  const compiled = new Map<string, Validator>();
  return (name) => {
    const known = compiled.get(name);
    if (known) return known;
    const validator = Compile(schemaOf(name));
    compiled.set(name, validator);
    return validator;
  };
}

const upValidator = compileOnce((name) => upstream[name as UpstreamName].up);
const downValidator = compileOnce((name) => downstream[name as DownstreamName].down);

/**
 * Payload of a client's frame → checked message. Throws `ProtocolError`: UNKNOWN_TYPE for a number that is
 * not in the catalogue, INVALID_MESSAGE_FORMAT with the path of the fault otherwise.
 */
export function decodeUpstream(type: number, payload: Uint8Array): Upstream {
  const definition = upstreamById.get(type);
  if (!definition) throw new ProtocolError('UNKNOWN_TYPE');
  return decode(definition.name, upValidator(definition.name), payload) as Upstream;
}

/** Payload of a server's frame → checked message; undefined for a type this version does not know. */
export function decodeDownstream(type: number, payload: Uint8Array): Downstream | undefined {
  const definition = downstreamById.get(type);
  if (!definition) return undefined;
  return decode(definition.name, downValidator(definition.name), payload) as Downstream;
}

function decode(name: string, validator: Validator, payload: Uint8Array): unknown {
  const message = parseJsonObject(payload);
  if (message.type !== name)
    throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/type', ...referenceOf(message) });
  if (validator.Check(message)) return message;
  throw new ProtocolError('INVALID_MESSAGE_FORMAT', {
    path: pathOf(validator, message),
    ...referenceOf(message),
  });
}

/** Where the first fault lies. Told to the peer only: an unknown field's name is the peer's own text. */
function pathOf(validator: Validator, message: unknown): string {
  const first = validator.Errors(message).at(0);
  if (!first) return '/';
  // The cut may fall between two halves of a character, which no JSON reader here would take.
  return `${first.instancePath || '/'} ${first.keyword}`.slice(0, 96).toWellFormed();
}

const ID = /^[A-Za-z0-9_-]{1,64}$/;
function referenceOf(message: Record<string, unknown>): { reference_id?: string } {
  return typeof message.id === 'string' && ID.test(message.id) ? { reference_id: message.id } : {};
}
