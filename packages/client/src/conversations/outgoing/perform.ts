import type { WaitOptions } from '../../api/index.ts';
import { systemClock, withDeadline } from '../../clock.ts';
import { RequestTimedOut } from '../../errors.ts';
import type { Core } from '../core.ts';
import type { Intent } from '../operations/index.ts';
import type { Step } from '../step.ts';
import { enqueueIntent } from './enqueue.ts';
import type { Outcomes } from './outcomes.ts';

/** At 60 requests a minute, the key packages of a hundred people take two minutes. */
const DEADLINE_MS = 300_000;

export type PerformOptions = WaitOptions & {
  /** Goes ahead of everything queued in the conversation. */
  isFirst?: boolean;
  /** Throws if the operation is not possible. */
  demand?(step: Step): void;
};

/**
 * Carries out an operation on a conversation. Resolves when the server has accepted it, or nothing was left to do. The deadline only ends
 * the wait: the operation stays queued, and is carried out once possible.
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
  const late = () => new RequestTimedOut(`No answer within ${deadlineMs} ms; still queued`);
  await withDeadline(systemClock, deadlineMs, signal, late, () => outcome);
}
