import type { Content } from '../../content/types.ts';
import type { Core } from '../core.ts';
import { newId } from '../ids.ts';
import type { Intent } from '../operations/index.ts';
import { keysOf } from '../record.ts';
import type { Step } from '../step.ts';

/** What waits in the lane: a content to send, or an intent to carry out. */
export type Waiting =
  | {
      readonly say: Content;
      readonly sentAtMs: number;
      /** Position of the visible line in the conversation. */
      readonly position?: string;
      /** The line before this content changed it; restored if the server refuses. */
      readonly undo?: { readonly messageId: string; readonly entry: unknown };
      /** Not before this Unix time in ms, by this device's clock. */
      readonly notBeforeMs?: number;
    }
  /** `fetchedAtMs`: when its key packages were fetched. */
  | { readonly act: Intent; readonly fetchedAtMs?: number | undefined };

/** Queues a content in the conversation's lane; returns the id of the message it becomes. */
export function enqueueContent(
  core: Core,
  step: Step,
  content: Content,
  options: { isFirst?: boolean; more?: Partial<Extract<Waiting, { say: Content }>>; id?: string } = {},
): string {
  const { settings } = core;
  const notBeforeMs = settings.maxDelayMs > 0 ? core.now() + Math.random() * settings.maxDelayMs : undefined;
  const id = options.id ?? newId('m_');
  const waiting: Waiting = {
    say: content,
    sentAtMs: core.now(),
    ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
    ...options.more,
  };
  put(core, step, id, 'chat', waiting, options.isFirst ?? false);
  return id;
}

/** Queues an intent in the lane, or puts it first when nothing else can be sent without it. */
export function enqueueIntent(
  core: Core,
  step: Step,
  intent: Intent,
  options: { isFirst?: boolean; fetchedAtMs?: number | undefined } = {},
): string {
  const id = newId('m_');
  const { isFirst = false, fetchedAtMs } = options;
  put(
    core,
    step,
    id,
    'operation',
    { act: intent, ...(fetchedAtMs === undefined ? {} : { fetchedAtMs }) },
    isFirst,
  );
  return id;
}

function put(
  core: Core,
  step: Step,
  id: string,
  kind: 'chat' | 'operation',
  waiting: Waiting,
  isFirst: boolean,
): void {
  step.draft.putJson(keysOf.intent(step.id, id), waiting);
  step.draft.add(core.outbox.enqueue({ id, conversationId: step.id, kind }, isFirst ? { first: true } : {}));
  step.draft.after(() => core.outbox.wake(step.id));
}
