import { MAX_DEFAULT_BYTES } from './limits.ts';
import type { ObjectSchema, Schema, Static } from './schema/type.ts';

/**
 * A message type on the wire: its name, its id and the shape of its JSON payload in each direction it may travel.
 * `up` is client to server, `down` server to client. `maxBytes` caps the frame payload.
 */
export type MessageDefinition<
  Name extends string = string,
  Up extends ObjectSchema | undefined = ObjectSchema | undefined,
  Down extends Schema | undefined = Schema | undefined,
> = {
  readonly name: Name;
  readonly id: number;
  readonly up: Up;
  readonly down: Down;
  readonly maxUpBytes: number;
  readonly maxDownBytes: number;
};

export function defineMessage<
  const Name extends string,
  Up extends ObjectSchema | undefined = undefined,
  Down extends Schema | undefined = undefined,
>(definition: {
  name: Name;
  id: number;
  up?: Up;
  down?: Down;
  maxUpBytes?: number;
  maxDownBytes?: number;
}): MessageDefinition<Name, Up, Down> {
  return {
    name: definition.name,
    id: definition.id,
    up: definition.up as Up,
    down: definition.down as Down,
    maxUpBytes: definition.maxUpBytes ?? MAX_DEFAULT_BYTES,
    maxDownBytes: definition.maxDownBytes ?? definition.maxUpBytes ?? MAX_DEFAULT_BYTES,
  };
}

export type UpOf<D> = D extends { up: infer S extends ObjectSchema } ? Static<S> : never;
export type DownOf<D> = D extends { down: infer S extends Schema } ? Static<S> : never;
