import { checked } from '../../content/outgoing.ts';
import type { Core } from '../core.ts';
import { addressOf } from '../membership/log.ts';
import { enqueueContent } from '../outgoing/enqueue.ts';
import { keysOf } from '../record.ts';
import type { Step } from '../step.ts';
import { isMissing, MAX_ASKED, type MissingEntry } from '../timeline/entry.ts';
import { entryOf, replaceEntry } from '../timeline/timeline.ts';
import { type Wanted, wantedIn } from './missing.ts';

/** Per request. */
const MAX_NUMBERS = 64;
/** Between two requests for the same message; a burst of losses is requested together. */
export const ASK_AGAIN_MS = 60_000;
export const ASK_SOON_MS = 500;

/** Asks the senders of missing messages to send them again, in one request per device. Returns whether anything is left to ask for later. */
export function askForMissing(core: Core, conversationId: string): Promise<boolean> {
  return core.registry.step(conversationId, async (step) => {
    if (step.found?.membership !== 'member' || step.record.isRequest) return false;
    const byDevice = new Map<string, Wanted[]>();
    for (const wanted of await wantedIn(core, step)) {
      const address = addressOf(wanted.from, wanted.deviceId);
      byDevice.set(address, [...(byDevice.get(address) ?? []), wanted]);
    }
    let isLeft = false;
    for (const [address, all] of byDevice) {
      const asked: number[] = [];
      for (const wanted of all.slice(0, MAX_NUMBERS)) {
        const mayHelp = address in step.record.log.leaves;
        if (await noteAsked(core, step, wanted, mayHelp)) asked.push(wanted.clientSeq);
      }
      isLeft ||= asked.length > 0 || all.length > MAX_NUMBERS;
      const deviceId = all[0]?.deviceId;
      if (asked.length === 0 || deviceId === undefined) continue;
      const request = { deviceId, userId: all[0]?.from ?? '', clientSeqs: asked };
      enqueueContent(core, step, checked('application/x-securechat-repair-request', request));
      step.draft.after(() => core.tell.count('repairsAsked'));
    }
    await step.write();
    return isLeft;
  });
}

/** Counts the request; after too many, or if nobody can help, the message is given up. */
async function noteAsked(core: Core, step: Step, wanted: Wanted, mayHelp: boolean): Promise<boolean> {
  const found = await entryOf(step, wanted.messageId);
  const { entry, position } = found ?? {};
  if (!isMissing(entry) || position === undefined) {
    step.draft.delete(keysOf.wanted(step.id, wanted.messageId));
    return false;
  }
  const asked = (entry.body.asked ?? 0) + 1;
  const isGivenUp = asked > MAX_ASKED || !mayHelp;
  setAsked(core, step, { entry, position }, isGivenUp ? MAX_ASKED + 1 : asked);
  return !isGivenUp;
}

/** How often it was asked for; more than `MAX_ASKED` when it stays missing. */
export function setAsked(
  core: Core,
  step: Step,
  { entry, position }: { entry: MissingEntry; position: string },
  asked: number,
): void {
  replaceEntry(step, position, { ...entry, body: { ...entry.body, asked } });
  if (asked > MAX_ASKED) step.draft.delete(keysOf.wanted(step.id, entry.id));
  step.draft.after(() => core.tell.message(step.id, entry.id, false));
}
