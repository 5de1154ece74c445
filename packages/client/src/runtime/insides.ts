import type { Runtime } from './runtime.ts';

/** Internals for the separately loaded parts of the SDK; hidden from apps. */
const insides = new WeakMap<object, Runtime>();

export function offerInsides(client: object, runtime: Runtime): void {
  insides.set(client, runtime);
}

/** Throws a TypeError for an object that is not a client of this SDK. */
export function insidesOf(client: object): Runtime {
  const runtime = insides.get(client);
  if (!runtime) throw new TypeError('no client of this SDK');
  return runtime;
}
