import type { Connection } from '../connection/connection.ts';

/** What parts of the SDK that are loaded apart ask the server through; apps do not see it. */
export type Wire = Pick<Connection, 'request' | 'on' | 'session'>;

const wires = new WeakMap<object, Wire>();

export function offerWire(client: object, wire: Wire): void {
  wires.set(client, wire);
}

/** Throws a TypeError for what is no client of this SDK. */
export function wireOf(client: object): Wire {
  const wire = wires.get(client);
  if (!wire) throw new TypeError('no client of this SDK');
  return wire;
}
