import type { Content } from '../../content/types.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import type { Arrival } from './apply.ts';

type Join = Content<'application/x-securechat-join' | 'application/x-securechat-join-refused'>;

/** Stored as `join/…` until `group-links/take.ts` has processed it. `where`: the direct conversation. Without `secret` it is a refusal. */
export type Joining = {
  readonly from: string;
  readonly where: string;
  readonly conversationId: string;
  readonly secret?: string;
};

/** Anybody may send any number of them, so only this many are kept. */
const MAX_JOINS = 100;

export const joinKey = (messageId: string): string => `join/${messageId}`;

/** Accepted from strangers too: the link may have been given to one. */
export async function applyJoin(core: Core, step: Step, by: Arrival, { body }: Join): Promise<void> {
  if (by.isOwn || step.record.log.kind === 'group') return;
  if ((await core.store.list(joinKey(''))).length >= MAX_JOINS) return;
  step.draft.putJson(joinKey(by.id), { from: by.from, where: step.id, ...body });
  step.draft.after(() => core.tell.lettingIn());
}
