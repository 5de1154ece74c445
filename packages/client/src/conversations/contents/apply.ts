import type { Content, ContentType, UnknownContent } from '../../content/types.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import { applyDelete } from './delete.ts';
import { applyEdit } from './edit.ts';
import { applyJoin } from './join.ts';
import { applyOutside } from './outside.ts';
import { applyOwn } from './own.ts';
import { applyProfile } from './profile.ts';
import { applyReaction } from './reaction.ts';
import { applyState } from './state.ts';
import { addSaid, addUnknown } from './text.ts';

/** A decrypted incoming message, or an own one just added: its author and its position. */
export type Arrival = {
  readonly id: string;
  readonly from: string;
  readonly deviceId: string;
  readonly clientSeq: number;
  readonly sentAtMs: number;
  readonly place: number;
  /** Unix seconds, as the envelope says. */
  readonly expiresAt: number | undefined;
  /** Sent by another device of the same account. */
  readonly isOwn: boolean;
  /** Already shown, because it arrived early over a direct connection. */
  readonly isShown?: boolean;
  /** The position of its line, where that does not follow from `place`. */
  readonly position?: string;
};

type Of<T extends ContentType> = Extract<Content, { type: T }>;
type Handler<T extends ContentType> = (
  core: Core,
  step: Step,
  arrival: Arrival,
  content: Of<T>,
) => Promise<void> | void;

/** What each content does to a conversation. Total: a type without a handler does not compile. */
const handlers: { [T in ContentType]: Handler<T> } = {
  'text/plain': addSaid,
  'text/markdown': addSaid,
  'application/x-securechat-file': addSaid,
  'application/x-securechat-edit': applyEdit,
  'application/x-securechat-delete': applyDelete,
  'application/x-securechat-reaction': applyReaction,
  'application/x-securechat-profile': applyProfile,
  'application/x-securechat-dummy': () => undefined,
  'application/x-securechat-state': applyState,
  // loaded on first use: messages are seldom missing
  'application/x-securechat-repair-request': async (...request) =>
    (await import('../repair/answer.ts')).answerRepair(...request),
  'application/x-securechat-repair': async (...repair) =>
    (await import('../repair/take.ts')).takeRepair(...repair),
  'application/x-securechat-outside': applyOutside,
  'application/x-securechat-join': applyJoin,
  'application/x-securechat-join-refused': applyJoin,
  'application/x-securechat-own': applyOwn,
  'application/x-securechat-device-names': applyOwn,
};

export async function applyContent(
  core: Core,
  step: Step,
  arrival: Arrival,
  content: Content | UnknownContent,
): Promise<void> {
  if (content.type === 'unknown') return addUnknown(core, step, arrival, content.contentType);
  // expired in transit: never shown
  if (content.expiresAt !== undefined && content.expiresAt * 1000 <= core.now()) return;
  const handle = handlers[content.type] as Handler<ContentType>;
  await handle(core, step, arrival, content);
}
