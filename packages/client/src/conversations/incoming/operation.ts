import { applyOperation, E2eeError, type GroupState, verifyOperation } from '@securechat/crypto/e2ee';
import type { Downstream, GroupOperationName } from '@securechat/protocol';
import type { Core } from '../core.ts';
import { leavesOf } from '../keys/leaves.ts';
import { begin, follow } from '../membership/follow.ts';
import { judge } from '../membership/judge.ts';
import { addressOf, type Log } from '../membership/log.ts';
import { digestOf } from '../membership/operation.ts';
import { judgeRestart } from '../membership/restart.ts';
import { takeEffect } from '../operations/take-effect.ts';
import { applyPending } from '../outgoing/pending.ts';
import { create } from '../outgoing/settled.ts';
import { keysOf, type PendingOperation } from '../record.ts';
import type { Step } from '../step.ts';
import { Refused, refuseForbidden } from './alarms.ts';
import { nameIn } from './name.ts';
import { takeWelcome } from './welcome.ts';

type Delivered = Downstream<GroupOperationName>;
type Change = Exclude<Delivered, { type: 'group_create' }>;

/** Takes an incoming operation: signed by a member, next in the log, allowed to its author, and with a commit that does what it says. */
export async function takeOperation(core: Core, step: Step, operation: Delivered): Promise<void> {
  const self = addressOf(core.own.userId, core.own.deviceId);
  if ('welcome_to' in operation && operation.welcome_to.includes(self))
    return takeWelcome(core, step, operation);
  if (!step.found) await takeCreation(core, step, operation);
  if (step.found?.membership !== 'member')
    throw new Refused('fork', 'an operation of a conversation that is not ours');
  // an operation that follows ours proves that ours was accepted
  if (operation.previous_sha256 === step.record.pending?.digest) await applyPending(core, step, undefined);
  const { log } = step.record;
  const state = await step.keys(log.generation, log.epoch);
  if (!state) throw new Refused('undecryptable', 'the keys are lost on this device');
  await refuseOthers(verifyOperation(core.engine, state, operation), 'bad-signature');
  const digest = await digestOf(operation);
  if (log.heads.includes(digest)) throw new Refused('replay', 'it is known');
  if (operation.type === 'group_create') return takeRestart(core, step, operation, digest);
  refuseStray(log, operation);
  const { next, leaves } =
    'commit_sha256' in operation || 'commit' in operation ? await commitOf(core, state, log, operation) : {};
  const newName = operation.type === 'group_update' ? await nameIn(core, step, state, operation) : undefined;
  takeEffect(core, step, {
    ...{ operation, newName, next, place: operation.delivery.conv_seq },
    log: follow(log, operation, digest, leaves),
  });
}

/** This device died before it heard that the server has stored its new conversation: an operation that follows proves it. */
async function takeCreation(core: Core, step: Step, { previous_sha256, delivery }: Delivered): Promise<void> {
  const creation = await step.draft.json<PendingOperation>(keysOf.creation(step.id));
  if (!creation || creation.digest !== previous_sha256) return;
  await create(core, step, creation, { ...delivery, conv_seq: delivery.conv_seq - 1 });
}

/** The conversation was restarted without this device, which is out until somebody adds it again. */
function takeRestart(
  core: Core,
  step: Step,
  operation: Delivered & { type: 'group_create' },
  digest: string,
): void {
  const { log } = step.record;
  refuseForbidden(() => judgeRestart(log, operation));
  takeEffect(core, step, {
    ...{ operation, newName: undefined, next: undefined, place: operation.delivery.conv_seq },
    log: begin(operation, digest, {}, log),
  });
}

function refuseStray(log: Log, operation: Change): void {
  const isNext =
    operation.previous_sha256 === log.head &&
    operation.epoch === log.epoch &&
    operation.generation === log.generation;
  if (!isNext) throw new Refused('fork', 'it does not follow what we know');
  refuseForbidden(() => judge(log, operation));
}

/** Checks that the commit does exactly what the operation says and is by the same device. */
async function commitOf(
  core: Core,
  state: GroupState,
  log: Log,
  operation: Change,
): Promise<{ next: GroupState | undefined; leaves: Log['leaves'] }> {
  const { next, removed } = await applyOperation(core.engine, state, operation).catch((error: unknown) => {
    if (!(error instanceof E2eeError)) throw error;
    const isGhost = error.fault === 'leaf' || error.fault === 'binding' || error.fault === 'member';
    throw new Refused(isGhost ? 'rogue-device' : 'fork', `the commit was refused: ${error.fault}`);
  });
  if (next) return { next, leaves: leavesOf(core, next) };
  // a removed device gets no new state, so its log ends here
  const gone = new Set(removed.map(({ userId, deviceId }) => addressOf(userId, deviceId)));
  return {
    next,
    leaves: Object.fromEntries(Object.entries(log.leaves).filter(([address]) => !gone.has(address))),
  };
}

async function refuseOthers<T>(work: Promise<T>, alarm: Refused['type']): Promise<T> {
  return work.catch((error: unknown) => {
    throw error instanceof E2eeError ? new Refused(alarm, `refused: ${error.fault}`) : error;
  });
}
