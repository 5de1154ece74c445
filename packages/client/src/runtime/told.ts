import type { OwnBody, OwnMark } from '../content/types.ts';
import { toldKey } from '../conversations/contents/own.ts';
import type { Core } from '../conversations/core.ts';
import { moveMark } from '../conversations/view/own-marks.ts';
import { fromBytes } from '../storage/json.ts';
import type { Runtime } from './runtime.ts';

/** Pieces of a history are the largest: 30 KB each. */
const AT_ONCE = 20;

/**
 * Acts on what other own devices have told, and what an earlier process left. What has failed is not tried again: it would end the
 * client at each start.
 */
export async function actOnTold(runtime: Runtime): Promise<void> {
  const { store } = runtime.core;
  for (;;) {
    const all = await store.list(toldKey(''), { limit: AT_ONCE });
    if (all.length === 0) return;
    for (const [key, bytes] of all) {
      try {
        await act(runtime, fromBytes(bytes));
      } finally {
        await store.write([{ delete: key }]);
      }
    }
  }
}

async function act(runtime: Runtime, told: OwnBody): Promise<void> {
  if (isMark(told)) return takeMark(runtime.core, told);
  // devices seldom tell more than marks
  await (await import('./newcomers.ts')).takeNews(runtime, told);
}

const isMark = (told: OwnBody): told is OwnMark => told.tell === 'read' || told.tell === 'accepted';

/** Another own device has read or accepted something. Ignored for unknown conversations. */
async function takeMark(core: Core, mark: OwnMark): Promise<void> {
  if (!core.registry.get(mark.conversationId)) return;
  await core.registry.step(mark.conversationId, async (step) => {
    if (mark.tell === 'read') await moveMark(core, step, mark);
    else if (step.record.isRequest) step.change({ isRequest: false });
    await step.write();
  });
}
