import type { Downstream } from '@securechat/protocol';
import { checked } from '../content/outgoing.ts';
import type { Core, Outsider } from '../conversations/core.ts';
import { type Outside, outsideKey } from '../conversations/incoming/outside.ts';
import { addressOf, devicesOf } from '../conversations/membership/log.ts';
import { mayDo } from '../conversations/membership/rights.ts';
import type { CommitIntent } from '../conversations/operations/group_commit.ts';
import { UNKNOWN_HEAD } from '../conversations/operations/group_create.ts';
import type { Intent } from '../conversations/operations/index.ts';
import { enqueueContent, enqueueIntent } from '../conversations/outgoing/enqueue.ts';
import { type ConversationRecord, keysOf } from '../conversations/record.ts';
import { isContact } from '../conversations/requests.ts';
import { SecureChatError, ServerRefused } from '../errors.ts';
import { lookUp } from '../look-up.ts';
import { isSamePlace } from '../outbox/key-place.ts';
import type { Conversations } from './conversations.ts';
import type { Runtime } from './runtime.ts';

const HOUR_MS = 3_600_000;
/** Delay after each request; it asks as often as there are delays, six times, and then no more. */
const AGAIN_MS = [HOUR_MS / 6, HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS, 24 * HOUR_MS, 24 * HOUR_MS];
/** Limits a device that asks repeatedly, which would keep a whole group busy. */
const LET_IN_EVERY_MS = HOUR_MS / 12;

/** Asks to be added wherever this device could not open its welcome, as long as the server still counts it as a member's device. */
export async function comeIn({ core, stopping }: Runtime, conversations: Conversations): Promise<void> {
  for (const [key] of await core.store.list(outsideKey(''))) {
    try {
      const id = key.slice(outsideKey('').length);
      const info = await infoIfCounted(core, id, stopping.signal);
      const outside = await claim(core, id, info !== undefined);
      if (outside && info) await ask(core, conversations, info, outside);
    } catch (error) {
      // the next request follows when due
      if (!(error instanceof SecureChatError)) throw error;
    }
  }
}

type Info = Downstream<'group_info'>;

async function infoIfCounted(core: Core, id: string, signal: AbortSignal): Promise<Info | undefined> {
  try {
    return await core.connection.request('group_info', { conversation_id: id }, { signal });
  } catch (error) {
    if (error instanceof ServerRefused && !error.isRetryable) return undefined;
    throw error;
  }
}

/** Undefined when nobody is to be asked now. A device no longer counted has nothing to be added to. */
function claim(core: Core, id: string, isCounted: boolean): Promise<Outside | undefined> {
  return core.registry.step(id, async (step) => {
    const outside = await step.draft.json<Outside>(outsideKey(id));
    if (!outside) return undefined;
    const againMs = AGAIN_MS[outside.tries];
    if (!isCounted) step.draft.delete(outsideKey(id));
    else if (againMs === undefined || outside.nextMs > core.now()) return undefined;
    else
      step.draft.putJson(outsideKey(id), {
        ...outside,
        tries: outside.tries + 1,
        nextMs: core.now() + againMs,
      });
    await step.write();
    return isCounted ? outside : undefined;
  });
}

/**
 * Own devices add each other anywhere; alternating with them, the user who added this one is asked, unless a stranger. A direct
 * conversation is restarted from here.
 */
async function ask(core: Core, conversations: Conversations, info: Info, outside: Outside): Promise<void> {
  const { conversation_id: id, kind, log_head: head = UNKNOWN_HEAD } = info;
  const { from, generation, epoch, tries } = outside;
  const { devices } = await core.people.list(core.own.userId, { isFresh: true });
  if (devices.length > 1 && tries % 2 === 0) {
    return askIn(core, await conversations.own(), { conversationId: id, generation, epoch });
  }
  if (from === core.own.userId || !isContact(core, from)) return;
  const told = { generation: info.generation, epoch: info.epoch, head };
  if (kind === 'direct') return conversations.startOver(id, from, told);
  const { id: where } = await conversations.direct(from);
  await askIn(core, where, { conversationId: id, generation, epoch });
}

async function askIn(core: Core, where: string, body: Outsider['told']): Promise<void> {
  await core.registry.step(where, async (step) => {
    enqueueContent(core, step, checked('application/x-securechat-outside', body));
    await step.write();
  });
}

/** Removes the device and adds it again, if that is this one's job and nobody has done it since the keys in `told`. */
export async function letIn(core: Core, { by, told }: Outsider): Promise<void> {
  if (!core.registry.get(told.conversationId)) return;
  await core.registry.step(told.conversationId, async (step) => {
    const address = addressOf(by.from, by.deviceId);
    const intents = wayIn(step.record, by.from, address, by.isOwn ? undefined : core.own.userId);
    const came = step.record.since[address];
    const lastMs = (await step.draft.json<number>(keysOf.letIn(step.id, address))) ?? 0;
    if ((came && !isSamePlace(came, told)) || core.now() - lastMs < LET_IN_EVERY_MS) return;
    for (const intent of intents) enqueueIntent(core, step, intent);
    if (intents.length > 0) step.draft.putJson(keysOf.letIn(step.id, address), core.now());
    await step.write();
  });
}

/** `ruler`: the user whose right is used when the device is another user's. */
function wayIn(
  { log, membership }: ConversationRecord,
  user: string,
  address: string,
  ruler: string | undefined,
): Intent[] {
  if (membership !== 'member' || !(address in log.leaves)) return [];
  const may =
    ruler === undefined ||
    (log.kind === 'group' && mayDo(lookUp(log.roles, ruler), 'remove', lookUp(log.roles, user)));
  if (!may) return [];
  const commit = (add: string[], remove: string[]): CommitIntent => ({
    ...{ type: 'group_commit', why: 'devices', add, remove },
  });
  if (devicesOf(log, user).length > 1) return [commit([], [address]), commit([address], [])];
  // a member cannot be left without a device
  return [
    { type: 'group_member_remove', user },
    { type: 'group_member_add', users: [user] },
  ];
}
