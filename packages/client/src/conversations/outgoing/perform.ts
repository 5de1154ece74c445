import type { WaitOptions } from '../../api/index.ts';
import { systemClock, withDeadline } from '../../clock.ts';
import { RequestTimedOut } from '../../errors.ts';
import type { Core } from '../core.ts';
import type { Intent } from '../operations/index.ts';
import type { Step } from '../step.ts';
import { enqueueIntent } from './enqueue.ts';
import type { Outcomes } from './outcomes.ts';

/** Key packages of a hundred people take two minutes, at 60 questions a minute. */
const DEADLINE_MS = 300_000;

export type PerformOptions = WaitOptions & {
  /** Goes ahead of what waits in the conversation. */
  isFirst?: boolean;
  /** Throws when it cannot be done. */
  demand?(step: Step): void;
};

/**
 * Does something to a conversation. Resolves when the server has taken it, or it was done already. The deadline ends the
 * waiting alone: what is in the lane stays there, and is done when it can be.
 */
export async function perform(
  core: Core,
  outcomes: Outcomes,
  id: string,
  intent: Intent,
  { isFirst = false, demand, signal, deadlineMs = DEADLINE_MS }: PerformOptions = {},
): Promise<void> {
  outcomes.demandOpen();
  const { outcome } = await core.registry.step(id, async (step) => {
    demand?.(step);
    const pending = { outcome: outcomes.of(enqueueIntent(core, step, intent, { isFirst })) };
    await step.write();
    return pending;
  });
  const late = () => new RequestTimedOut(`No answer within ${deadlineMs} ms; it is done when it can be`);
  await withDeadline(systemClock, deadlineMs, signal, late, () => outcome);
}
