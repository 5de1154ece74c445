import type { MailboxItem } from '../../inbox/consumer.ts';
import type { KeyPlace } from '../../outbox/key-place.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import { Refused } from './alarms.ts';

/**
 * A conversation that includes this device, by the server's account, but whose welcome it could not open. It stays unreadable until
 * somebody adds the device again. `from`: author of the operation; the keys are those it led to.
 */
export type Outside = KeyPlace & {
  readonly from: string;
  readonly tries: number;
  /** Do not ask before this time, Unix ms. */
  readonly nextMs: number;
};

/** Anybody who can forge welcomes can forge any number of them. */
const MAX_OUTSIDE = 100;

export const outsideKey = (conversationId: string): string => `outside/${conversationId}`;

/** A welcome that may be valid but cannot be opened here. */
export class NotLetIn extends Refused {
  readonly place: KeyPlace & { from: string };

  constructor(type: Refused['type'], detail: string, place: KeyPlace & { from: string }) {
    super(type, detail);
    this.place = place;
  }
}

/** True when the alarm has already been raised: whatever follows an unopened welcome is unreadable too. */
export async function noteOutside(
  core: Core,
  step: Step,
  item: MailboxItem,
  refused: Refused,
): Promise<boolean> {
  if (step.found?.membership === 'member') return false;
  const known = await step.draft.json<Outside>(outsideKey(step.id));
  if (!(refused instanceof NotLetIn)) return known !== undefined && item.type !== 'history_truncated';
  if (!known && (await core.store.list(outsideKey(''))).length >= MAX_OUTSIDE) return false;
  const { from, generation, epoch } = refused.place;
  const outside: Outside = { from, generation, epoch, tries: known?.tries ?? 0, nextMs: known?.nextMs ?? 0 };
  step.draft.putJson(outsideKey(step.id), outside);
  step.draft.after(() => core.tell.lettingIn());
  return false;
}
