import type { Content } from '../../content/types.ts';
import type { Core } from '../core.ts';
import { newId } from '../ids.ts';
import type { Intent } from '../operations/index.ts';
import { keysOf } from '../record.ts';
import type { Step } from '../step.ts';

/** What waits in the lane: a content to be said, or something to be done. */
export type Waiting =
  | {
      readonly say: Content;
      readonly sentAtMs: number;
      /** Position of the line in the conversation, for what people see. */
      readonly position?: string;
      /** How a line was that this content has changed already here; comes back if it is refused. */
      readonly undo?: { readonly messageId: string; readonly entry: unknown };
      /** Not before this, by the own clock. */
      readonly notBeforeMs?: number;
    }
  /** `fetchedAtMs`: when its key packages came. */
  | { readonly act: Intent; readonly fetchedAtMs?: number | undefined };

/** Puts a content into the lane of the conversation; returns the id of the message that it becomes. */
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

/** Puts something to be done into the lane; in front of everything when nothing else can be sent without it. */
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
