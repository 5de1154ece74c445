import type { Downstream } from '@securechat/protocol';
import type { Core } from '../core.ts';
import type { Intent } from '../operations/index.ts';
import { keysOf } from '../record.ts';
import type { Step } from '../step.ts';
import { enqueueIntent, type Waiting } from './enqueue.ts';
import type { Outcomes } from './outcomes.ts';

type Act = Extract<Waiting, { act: Intent }>;

/**
 * The server takes nothing that touches the keys before devices are out that were revoked, and nobody but the server knows
 * of those. What was to be done becomes the commit that takes them out, and stands behind it once more, under another id.
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
  // any commit makes the keys that these are for
  if (act.type === 'group_commit' && act.why !== 'devices') return due;
  const again = enqueueIntent(core, step, act, { isFirst: true, fetchedAtMs: waiting.fetchedAtMs });
  step.draft.after(() => outcomes.pass(itemId, again));
  return due;
}
