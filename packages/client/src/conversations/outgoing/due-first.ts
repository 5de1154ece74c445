import type { Downstream } from '@securechat/protocol';
import type { Core } from '../core.ts';
import type { Intent } from '../operations/index.ts';
import { keysOf } from '../record.ts';
import type { Step } from '../step.ts';
import { enqueueIntent, type Waiting } from './enqueue.ts';
import type { Outcomes } from './outcomes.ts';

type Act = Extract<Waiting, { act: Intent }>;

/**
 * The server refuses operations that touch keys until revoked devices are removed, and only it knows which those are. The intent is
 * replaced by the commit that removes them, and queued again behind it under another id.
 */
export function dueFirst(
  core: Core,
  step: Step,
  parts: { itemId: string; waiting: Act; because: Downstream<'error'> | undefined; outcomes: Outcomes },
): Intent {
  const { itemId, waiting, because, outcomes } = parts;
  const { act } = waiting;
  if (act.type === 'group_create' || act.type === 'group_leave') return act;
  const devices = (because?.removed_devices ?? []).filter((address) => address in step.record.log.leaves);
  if (devices.length === 0) return act;
  const due: Intent = { type: 'group_commit', why: 'due', devices };
  step.draft.putJson(keysOf.intent(step.id, itemId), { act: due } satisfies Act);
  // any commit satisfies a mere key update
  if (act.type === 'group_commit' && act.why !== 'devices') return due;
  const again = enqueueIntent(core, step, act, { isFirst: true, fetchedAtMs: waiting.fetchedAtMs });
  step.draft.after(() => outcomes.pass(itemId, again));
  return due;
}
