import type { Watermarks } from '../../inbox/consumer.ts';
import { lookUp } from '../../look-up.ts';
import type { Core } from '../core.ts';
import { countUnread } from '../timeline/unread.ts';

/** How far a member has received and read. Marks only grow, and only members' count. Own ones come from another device. */
export async function takeMarks(core: Core, mark: Watermarks): Promise<void> {
  if (!core.registry.get(mark.conversation_id)) return;
  await core.registry.step(mark.conversation_id, async (step) => {
    const { log, marks, readThrough } = step.record;
    if (!lookUp(log.roles, mark.user_id)) return;
    const old = lookUp(marks, mark.user_id) ?? { deliveredThrough: 0, readThrough: 0 };
    const next = {
      deliveredThrough: Math.max(old.deliveredThrough, mark.delivered_through),
      readThrough: Math.max(old.readThrough, mark.read_through),
    };
    if (next.deliveredThrough === old.deliveredThrough && next.readThrough === old.readThrough) return;
    step.change({ marks: { ...marks, [mark.user_id]: next } });
    if (mark.user_id === core.own.userId && next.readThrough > readThrough) {
      step.change({ readThrough: next.readThrough });
      step.change({ unread: await countUnread(core, step, next.readThrough) });
    }
    step.draft.after(() => core.tell.receipt(step.id, mark.user_id));
    await step.write();
  });
}
