import type { Content } from '../../content/types.ts';
import type { Core } from '../core.ts';
import { vouch } from '../membership/vouch.ts';
import type { Step } from '../step.ts';
import type { Arrival } from './apply.ts';

type State = Extract<Content, { type: 'application/x-securechat-state' }>;

/** State from the device that added this one, which could not see it happen. Operations since then are judged now. */
export function applyState(core: Core, step: Step, by: Arrival, { body }: State): void {
  if (step.record.log.unvouched?.by !== by.from) return;
  const vouched = vouch(step.record.log, body);
  if (!vouched) return;
  step.change({ log: vouched.log, ...(step.record.name === '' ? { name: body.groupName } : {}) });
  for (const { by: userId, why } of vouched.forbidden) {
    step.draft.after(() =>
      core.tell.alarm({ type: 'forbidden', conversationId: step.id, userId, detail: why }),
    );
  }
}
