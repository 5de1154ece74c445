import { rest, systemClock } from '../clock.ts';
import { checked } from '../content/outgoing.ts';
import { enqueueContent } from '../conversations/outgoing/enqueue.ts';
import type { Conversations } from './conversations.ts';
import type { Runtime } from './runtime.ts';

const HOUR_MS = 3_600_000;

/** At random times, so that observers cannot subtract them: intervals follow an exponential distribution. */
export async function sayNothing(runtime: Runtime, conversations: Conversations): Promise<void> {
  const { signal } = runtime.stopping;
  const meanMs = HOUR_MS / runtime.core.settings.dummiesPerHour;
  while (!signal.aborted) {
    await rest(systemClock, Math.min(-Math.log(1 - Math.random()) * meanMs, HOUR_MS), signal);
    if (!signal.aborted) runtime.background(sendDummy(runtime, conversations));
  }
}

async function sendDummy({ core, connection }: Runtime, conversations: Conversations): Promise<void> {
  const candidates = conversations
    .all()
    .filter(({ isMember, isRequest, isBlocked }) => isMember && !isRequest && !isBlocked);
  const chosen = candidates[Math.floor(Math.random() * candidates.length)];
  if (!chosen || connection.state !== 'connected') return;
  await core.registry.step(chosen.id, async (step) => {
    enqueueContent(core, step, checked('application/x-securechat-dummy', {}));
    await step.write();
  });
}
