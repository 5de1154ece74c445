import type { Core } from '../core.ts';
import { greet } from '../outgoing/greet.ts';
import type { OwnMarks } from './own-marks.ts';

/** Turns a request into an ordinary conversation. */
export async function accept(core: Core, ownMarks: OwnMarks, id: string): Promise<void> {
  await core.registry.step(id, async (step) => {
    if (!step.record.isRequest) return;
    step.change({ isRequest: false });
    ownMarks.note(step, { tell: 'accepted', conversationId: id });
    await greet(core, step);
    await step.write();
  });
}

export async function mute({ registry }: Core, id: string, isMuted: boolean): Promise<void> {
  await registry.step(id, async (step) => {
    step.change({ isMuted });
    await step.write();
  });
}
