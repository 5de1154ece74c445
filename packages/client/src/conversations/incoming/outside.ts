import type { MailboxItem } from '../../inbox/consumer.ts';
import type { KeyPlace } from '../../outbox/key-place.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import { Refused } from './alarms.ts';

/**
 * A conversation that counts this device, as far as the server says, while this device could not open its welcome. Nothing of it can be
 * read until somebody lets it in again. `from`: whose operation it was; the keys are those that it led to.
 */
export type Outside = KeyPlace & {
  readonly from: string;
  readonly tries: number;
  /** Nobody is asked before. */
  readonly nextMs: number;
};

/** Who can make up welcomes can make up any number of them. */
const MAX_OUTSIDE = 100;

export const outsideKey = (conversationId: string): string => `outside/${conversationId}`;

/** A welcome that may be good, and does not open here. */
export class NotLetIn extends Refused {
  readonly place: KeyPlace & { from: string };

  constructor(type: Refused['type'], detail: string, place: KeyPlace & { from: string }) {
    super(type, detail);
    this.place = place;
  }
}

/** True when a person knows already: what follows a welcome that was not opened cannot be read either. */
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
