import { decodeBase64 } from '@securechat/protocol';
import { checked } from '../content/outgoing.ts';
import { type Joining, joinKey } from '../conversations/contents/join.ts';
import type { Core } from '../conversations/core.ts';
import { mayDo } from '../conversations/membership/rights.ts';
import { enqueueContent, enqueueIntent } from '../conversations/outgoing/enqueue.ts';
import type { Step } from '../conversations/step.ts';
import { Emitter } from '../events.ts';
import { lookUp } from '../look-up.ts';
import type { Conversations } from '../runtime/conversations.ts';
import { fromBytes } from '../storage/json.ts';
import { hashOf, isOpen, type KeptLink, linkKey } from './kept.ts';

/** `from` refuses this device entry to `conversationId`. */
export type Refusals = { refused: Pick<Joining, 'from' | 'conversationId'> };

const refusals = new WeakMap<Core, Emitter<Refusals>>();

export function refusalsOf(core: Core): Emitter<Refusals> {
  const known = refusals.get(core) ?? new Emitter<Refusals>();
  refusals.set(core, known);
  return known;
}

/** Answers everybody who has sent a link's secret, and reports refusals to callers waiting here. */
export async function takeJoins(core: Core, conversations: Conversations): Promise<void> {
  for (const [key, bytes] of await core.store.list(joinKey(''))) {
    const { secret, ...joining } = fromBytes<Joining>(bytes);
    if (secret !== undefined) {
      const hash = await hashOf(decodeBase64(secret));
      const answer = await core.registry.step(joining.conversationId, (step) =>
        take(core, step, key, joining.from, hash),
      );
      if (answer === 'no') await refuse(core, key, joining);
      // somebody who was given a link is not a stranger to ask about
      if (answer === 'in') await conversations.view(joining.where).accept();
    } else {
      await core.store.write([{ delete: key }]);
      refusalsOf(core).emit('refused', joining);
    }
  }
}

/** Adds whoever comes with a valid link. Ignores links unknown to this device: another device of the account may have made them. */
async function take(
  core: Core,
  step: Step,
  key: string,
  from: string,
  hash: string,
): Promise<'in' | 'no' | undefined> {
  const { draft, found } = step;
  if (!(await draft.get(key))) return undefined;
  const link = await draft.json<KeptLink>(linkKey(step.id, hash));
  const roles = found?.membership === 'member' && found.log.kind === 'group' ? found.log.roles : {};
  if (link && !lookUp(roles, from)) {
    if (!isOpen(link, core.now()) || !mayDo(lookUp(roles, core.own.userId), 'add')) return 'no';
    draft.putJson(linkKey(step.id, hash), { ...link, left: link.left - 1 });
    enqueueIntent(core, step, { type: 'group_member_add', users: [from] });
  }
  draft.delete(key);
  await step.write();
  return link && 'in';
}

async function refuse(
  core: Core,
  key: string,
  { where, conversationId }: Omit<Joining, 'secret'>,
): Promise<void> {
  await core.registry.step(where, async (step) => {
    if (!(await step.draft.get(key))) return;
    if (step.found?.membership === 'member')
      enqueueContent(core, step, checked('application/x-securechat-join-refused', { conversationId }));
    step.draft.delete(key);
    await step.write();
  });
}
