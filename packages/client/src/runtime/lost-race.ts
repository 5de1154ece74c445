import type { ClientEvents } from '../api/index.ts';
import { abortable, systemClock } from '../clock.ts';
import type { Emitter } from '../events.ts';
import type { Runtime } from './runtime.ts';

/** How long to wait for the winner's Welcome; without one this device is not in the conversation yet. */
const WELCOME_MS = 10_000;

/** Whether this device is added to a conversation that the other side created. */
export async function appears(
  { core, stopping }: Runtime,
  events: Emitter<ClientEvents>,
  id: string,
): Promise<boolean> {
  if (core.registry.get(id)) return true;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const unlisten = events.on('conversation', (appeared) => appeared.id === id && resolve(true));
  const cancel = systemClock.after(WELCOME_MS, () => resolve(false));
  try {
    return await abortable(promise, stopping.signal);
  } finally {
    cancel();
    unlisten();
  }
}
