import { E2eeError, type GroupState, joinByOperation } from '@securechat/crypto/e2ee';
import type { Downstream, GroupOperationName } from '@securechat/protocol';
import type { Core } from '../core.ts';
import { leavesOf } from '../keys/leaves.ts';
import { findKeyPackage } from '../keys/top-up.ts';
import { arrivals } from '../membership/arrivals.ts';
import { begin, beginLate, noticeOf } from '../membership/follow.ts';
import { addressOf, type Log, userOf } from '../membership/log.ts';
import { digestOf, type Operation } from '../membership/operation.ts';
import { judgeRestart } from '../membership/restart.ts';
import { type GroupPurpose, readGroupId } from '../operations/group-id.ts';
import { addNotice, forgetKeys, noticeId } from '../operations/take-effect.ts';
import { greet } from '../outgoing/greet.ts';
import { type ConversationRecord, keysOf, type PendingOperation } from '../record.ts';
import { isContact } from '../requests.ts';
import type { Step } from '../step.ts';
import { alarmOf, Refused, refuseForbidden } from './alarms.ts';
import { nameIn } from './name.ts';
import { NotLetIn, outsideKey } from './outside.ts';

type Welcoming = Extract<Downstream<GroupOperationName>, { welcome_to: string[] }>;

/** This device is added to a conversation: for the first time, again, or by a restart with new keys. */
export async function takeWelcome(core: Core, step: Step, operation: Welcoming): Promise<void> {
  await refuseStray(step, operation);
  const { state, key, isLastResort } = await join(core, operation);
  const leaves = leavesOf(core, state);
  const purpose = checkGroup(core, step, operation, state);
  checkUsers(core, step, operation, leaves, purpose);
  const digest = await digestOf(operation);
  const before = step.found?.membership === 'member' ? step.record.log : undefined;
  if (operation.type === 'group_create' && before) checkRestart(core, step, operation, before);
  const log =
    operation.type === 'group_create'
      ? begin(operation, digest, leaves, before)
      : beginLate(purpose.kind, operation, digest, leaves);
  const name = operation.type === 'group_create' ? await nameIn(core, step, state, operation) : undefined;
  if (step.found) forgetKeys(step, step.found);
  step.setKeys(log.generation, log.epoch, state);
  step.record = newRecord(core, step, { operation, log, purpose, name });
  // the private key is no longer needed, and would only serve a thief
  if (!isLastResort) step.draft.delete(key);
  step.draft.delete(outsideKey(step.id));
  if (purpose.purpose === 'people') {
    for (const [index, notice] of noticeOf(operation, undefined, before).entries()) {
      addNotice(core, step, operation, notice, { place: operation.delivery.conv_seq, index });
    }
  }
  await greet(core, step);
  step.draft.after(() => core.outbox.wake(step.id));
}

/**
 * Anybody holding one of our key packages can make a group with any id. So a welcome may not take over a conversation that this device is
 * in or is creating; only a restart continues one, and is judged by what came before.
 */
async function refuseStray(step: Step, operation: Welcoming): Promise<void> {
  // a last-resort key package opens its welcome as often as it is replayed, which would use keys twice
  if (await step.draft.get(keysOf.position(step.id, noticeId(await digestOf(operation), 0))))
    throw new Refused('replay', 'it is known');
  if (step.found?.membership === 'member' && operation.type !== 'group_create')
    throw new Refused('fork', 'it brings in a device that has a part in the conversation already');
  const making = await step.draft.json<PendingOperation<'group_create'>>(keysOf.creation(step.id));
  if (making && making.operation.replaces === undefined)
    throw new Refused('fork', 'somebody else has made the conversation that is being made here');
}

async function join(core: Core, operation: Welcoming) {
  let found: Awaited<ReturnType<typeof findKeyPackage>>;
  try {
    const { state } = await joinByOperation(core.engine, operation, core.own, async (references) => {
      found = await findKeyPackage(core, references);
      return found;
    });
    if (!found) throw new E2eeError('not_for_us');
    return { state, key: found.key, isLastResort: found.isLastResort };
  } catch (error) {
    if (!(error instanceof E2eeError)) throw error;
    const { from, generation, epoch } = operation;
    const place = { from, generation, epoch: operation.type === 'group_create' ? epoch : epoch + 1 };
    if (error.fault === 'not_for_us')
      throw new NotLetIn('replay', 'the welcome is for no key package that is here', place);
    if (error.fault === 'leaf' || error.fault === 'binding' || error.fault === 'member')
      throw new Refused('rogue-device', `the welcome was refused: ${error.fault}`);
    throw new NotLetIn('undecryptable', `the welcome was refused: ${error.fault}`, place);
  }
}

/** The keys themselves say which conversation they belong to. */
function checkGroup(core: Core, step: Step, operation: Welcoming, state: GroupState): GroupPurpose {
  const purpose = readGroupId(core.engine.describe(state).groupId);
  if (!purpose || purpose.conversationId !== step.id || purpose.generation !== operation.generation) {
    throw new Refused('fork', 'the keys are of another conversation');
  }
  if (operation.type === 'group_create' && operation.kind !== purpose.kind) {
    throw new Refused('fork', 'the keys are for another kind of conversation');
  }
  return purpose;
}

/** Only users named as members may hold keys, and only two in a direct conversation. */
function checkUsers(
  core: Core,
  step: Step,
  operation: Welcoming,
  leaves: Log['leaves'],
  { kind, purpose }: GroupPurpose,
): void {
  const users = [...new Set(Object.keys(leaves).map(userOf))];
  if (operation.type === 'group_create' && !users.every((user) => operation.members.includes(user))) {
    throw new Refused('rogue-device', 'somebody holds the keys who is not named as a member');
  }
  const peer = step.found?.peer ?? peerIn(core, operation, users);
  const mayHold = (user: string): boolean =>
    user === core.own.userId || (purpose === 'people' && user === peer);
  if ((kind === 'direct' || purpose === 'own') && !users.every(mayHold)) {
    throw new Refused('rogue-device', 'somebody holds the keys who has no part in the conversation');
  }
}

function peerIn(core: Core, operation: Operation, users: readonly string[]): string | undefined {
  const named = operation.type === 'group_create' ? operation.members : users;
  return named.find((user) => user !== core.own.userId);
}

function checkRestart(
  core: Core,
  step: Step,
  operation: Welcoming & { type: 'group_create' },
  before: Log,
): void {
  if (refuseForbidden(() => judgeRestart(before, operation))) return;
  const detail = 'it was started over from another place than we know';
  step.draft.after(() => core.tell.alarm(alarmOf(operation, 'fork', detail)));
}

function newRecord(
  core: Core,
  step: Step,
  parts: { operation: Welcoming; log: Log; purpose: GroupPurpose; name: string | undefined },
): ConversationRecord {
  const { operation, log, purpose, name } = parts;
  const old = step.found;
  const { generation, epoch } = log;
  const self = addressOf(core.own.userId, core.own.deviceId);
  const place = operation.delivery.conv_seq;
  const users = [...new Set(Object.keys(log.leaves).map(userOf))];
  const peer = purpose.kind === 'direct' ? (old?.peer ?? peerIn(core, operation, users)) : undefined;
  const isOwn = operation.from === core.own.userId;
  // having been in it before does not make a contact of whoever adds this device again
  const isRequest =
    old?.membership === 'member' || (old && isOwn)
      ? old.isRequest
      : purpose.purpose === 'people' && !isOwn && !isContact(core, operation.from);
  const oldName = isRequest && old?.membership !== 'member' ? '' : (old?.name ?? '');
  return {
    ...{ id: step.id, purpose: purpose.purpose, name: name ?? oldName, log, membership: 'member' },
    ...(peer === undefined ? {} : { peer }),
    isRequest,
    ...{
      isMuted: old?.isMuted ?? false,
      joinedPlace: old?.membership === 'member' ? old.joinedPlace : place,
      lastPlace: place,
    },
    activeAtMs: Math.max(old?.activeAtMs ?? 0, operation.delivery.server_ts_ms),
    ...{ epochSinceMs: core.now(), epochMessages: 0, isLeafFresh: false, past: [] },
    // messages sent while this device was out do not count as missing
    heard: {},
    since: old?.membership === 'member' ? arrivals(old, log) : { [self]: { generation, epoch } },
    ...{ nextLocal: old?.nextLocal ?? 0, marks: old?.marks ?? {} },
    ...{ readThrough: old?.readThrough ?? 0, unread: old?.unread ?? 0, threadReads: old?.threadReads ?? {} },
    ...(old?.lastPosition === undefined ? {} : { lastPosition: old.lastPosition }),
  };
}
