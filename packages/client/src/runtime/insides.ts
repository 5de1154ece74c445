import type { Runtime } from './runtime.ts';

/** What parts of the SDK that are loaded apart work with; apps do not see it. */
const insides = new WeakMap<object, Runtime>();

export function offerInsides(client: object, runtime: Runtime): void {
  insides.set(client, runtime);
}

/** Throws a TypeError for what is no client of this SDK. */
export function insidesOf(client: object): Runtime {
  const runtime = insides.get(client);
  if (!runtime) throw new TypeError('no client of this SDK');
  return runtime;
}
