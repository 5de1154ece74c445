import { E2eeError, TooManyDevices } from '@securechat/crypto/e2ee';
import { type Downstream, encodeUpstream, type Upstream, type UpstreamName } from '@securechat/protocol';
import { AccountKeyChanged, ServerRefused } from '../../errors.ts';
import type {
  Commit,
  OutboxItem,
  OutboxSealer,
  SealedForm,
  SealOptions,
  SealOutcome,
} from '../../outbox/sealer.ts';
import { fromBytes, toBytes } from '../../storage/json.ts';
import type { Core } from '../core.ts';
import { fetchPackages } from '../keys/packages.ts';
import { CannotDo } from '../operations/built.ts';
import type { CreateIntent } from '../operations/group_create.ts';
import type { LeaveIntent } from '../operations/group_leave.ts';
import { build, type Intent } from '../operations/index.ts';
import { asTold } from '../operations/told.ts';
import { packagesWantedBy } from '../operations/wanted.ts';
import { keysOf } from '../record.ts';
import type { Step } from '../step.ts';
import { dueFirst } from './due-first.ts';
import type { Waiting } from './enqueue.ts';
import { Failed, type Outcomes } from './outcomes.ts';
import { dropPending, prepare } from './pending.ts';
import { isBehind } from './readiness.ts';
import { commitNeeded } from './rotation.ts';
import { sealChat } from './seal-chat.ts';
import { afterRefusal, afterStored } from './settled.ts';

/** After this, fetch again, so that devices revoked meanwhile are not added; within it, a lost race reuses them. */
const PACKAGES_MS = 10 * 60_000;

type CommitForm = Commit<SealedForm | undefined>;

/** Builds the frames of this device's messages and operations, and acts on the server's answers. */
export class Sealer implements OutboxSealer {
  readonly #core: Core;
  readonly #outcomes: Outcomes;
  /** Why the commit that the next content of a conversation needs will not happen; that content then fails too. */
  readonly #unmet = new Map<string, Error>();

  constructor(core: Core, outcomes: Outcomes) {
    this.#core = core;
    this.#outcomes = outcomes;
  }

  async seal(item: OutboxItem, options: SealOptions, commit: CommitForm): Promise<SealOutcome> {
    const core = this.#core;
    try {
      if (item.kind === 'operation') await this.#prepare(item, options.signal);
      return await core.registry.step(item.conversationId, async (step) => {
        const waiting = await step.draft.json<Waiting>(keysOf.intent(step.id, item.id));
        if (!waiting) return this.#drop(step, item, commit, new CannotDo('it is no longer known'));
        if (isBehind(step, options.because)) {
          if (!step.record.parted) return 'wait';
          step.change({ parted: 'stuck' });
        }
        return 'act' in waiting
          ? this.#sealOperation(step, item, this.#intentOf(step, item, waiting, options), commit)
          : this.#sealContent(step, item, waiting, options, commit);
      });
    } catch (error) {
      if (!isFinal(error)) throw error;
      return core.registry.step(item.conversationId, (step) => this.#drop(step, item, commit, error));
    }
  }

  async #sealContent(
    step: Step,
    item: OutboxItem,
    waiting: Extract<Waiting, { say: unknown }>,
    { because, clientSeq }: SealOptions,
    commit: CommitForm,
  ): Promise<SealOutcome> {
    const core = this.#core;
    if (step.found?.membership !== 'member') {
      return this.#drop(step, item, commit, new CannotDo('you are not in this conversation'));
    }
    if (step.record.parted === 'stuck') {
      await step.write();
      return 'wait';
    }
    // the clock may have been set back meanwhile
    const waitMs = Math.min((waiting.notBeforeMs ?? 0) - core.now(), core.settings.maxDelayMs);
    if (waitMs > 0) return { waitMs };
    const unmet = this.#unmet.get(step.id);
    if (unmet) return this.#drop(step, item, commit, unmet);
    if (await commitNeeded(core, step, because)) {
      await step.write();
      return 'wait';
    }
    for (const user of Object.keys(step.record.log.roles)) {
      if (core.people.isChanged(user)) throw new AccountKeyChanged(user);
    }
    const form = await sealChat(core, step, item, waiting.say, { clientSeq });
    await step.write((changes) => commit(changes, form));
    return 'sealed';
  }

  #intentOf(
    step: Step,
    item: OutboxItem,
    waiting: Extract<Waiting, { act: Intent }>,
    { because }: SealOptions,
  ): Intent {
    if (step.found?.membership !== 'member') return placed(waiting.act, because);
    const parts = { itemId: item.id, waiting, because, outcomes: this.#outcomes };
    return placed(dueFirst(this.#core, step, parts), because);
  }

  async #sealOperation(
    step: Step,
    item: OutboxItem,
    intent: Intent,
    commit: CommitForm,
  ): Promise<SealOutcome> {
    const core = this.#core;
    dropPending(step);
    if (intent.type !== 'group_create' && step.found?.membership !== 'member') {
      return this.#drop(step, item, commit, new CannotDo('you are not in this conversation'));
    }
    if (step.found?.parted === 'stuck' && !isWayOut(intent)) {
      return this.#drop(step, item, commit, new CannotDo('this conversation must be restarted'));
    }
    const built = await build(core, step, intent, item.id);
    if (built === 'moot') return this.#drop(step, item, commit, undefined);
    const { operation, pending } = await prepare(core, step, built);
    if (step.found) step.change({ pending });
    else step.draft.putJson(keysOf.creation(step.id), pending);
    const name = operation.type as UpstreamName;
    const frame = encodeUpstream(name, operation as Upstream<typeof name>);
    const { generation, epoch } = ('replaces' in operation && operation.replaces) || operation;
    await step.write((changes) => commit(changes, { frame, generation, epoch }));
    return 'sealed';
  }

  /** Without `why` nothing was left to do. */
  async #drop(step: Step, item: OutboxItem, commit: CommitForm, why: Error | undefined): Promise<'drop'> {
    const parted = step.found?.parted;
    step.discard();
    if (parted) step.change({ parted });
    await this.#end(step, item, why, (changes) => commit(changes, undefined));
    return 'drop';
  }

  /** Remembers why a needed commit failed: otherwise the content waiting for it would request it for ever. */
  async #end(step: Step, item: OutboxItem, why: Error | undefined, commit: Commit): Promise<void> {
    this.#unmet.delete(step.id);
    if (why && step.found?.dueCommit === item.id) this.#unmet.set(step.id, why);
    await afterRefusal(this.#core, step, item, why && new Failed(why));
    step.draft.after(() => this.#outcomes.settle(item.id, why));
    await step.write(commit);
  }

  /** Outside the step: server requests take time, during which the conversation must go on. */
  async #prepare({ id, conversationId }: OutboxItem, signal: AbortSignal): Promise<void> {
    const { store, registry } = this.#core;
    const key = keysOf.intent(conversationId, id);
    const bytes = await store.get(key);
    const waiting = bytes && fromBytes<Waiting>(bytes);
    if (!waiting || !('act' in waiting)) return;
    const record = registry.get(conversationId);
    let act = waiting.act;
    if (record?.parted && isWayOut(act)) act = await asTold(this.#core, conversationId, act, signal);
    const wanted = packagesWantedBy(record, act);
    const isFetched = this.#core.now() - (waiting.fetchedAtMs ?? 0) < PACKAGES_MS;
    if (wanted && !isFetched) {
      act = { ...act, packages: await fetchPackages(this.#core, wanted, id, signal) } as Intent;
    }
    const kept: Waiting = { act, fetchedAtMs: isFetched ? waiting.fetchedAtMs : this.#core.now() };
    if (act !== waiting.act) await store.write([{ put: key, value: toBytes(kept) }]);
  }

  transmitted(item: OutboxItem): void {
    if (item.kind === 'chat') this.#outcomes.sent(item);
  }

  stored(item: OutboxItem, ack: Downstream<'ack'>, commit: Commit): Promise<void> {
    return this.#core.registry.step(item.conversationId, async (step) => {
      await afterStored(this.#core, step, item, ack);
      step.draft.after(() => this.#outcomes.settle(item.id, undefined));
      await step.write(commit);
    });
  }

  refused(item: OutboxItem, error: Downstream<'error'>, commit: Commit): Promise<void> {
    return this.#core.registry.step(item.conversationId, (step) =>
      this.#end(step, item, new ServerRefused(error), commit),
    );
  }
}

/** A device outside a conversation learns its state only from the refusal. */
function placed(intent: Intent, because: Downstream<'error'> | undefined): Intent {
  if (intent.type !== 'group_create' || because?.previous_sha256 === undefined) return intent;
  const { generation = 0, epoch = 0, previous_sha256: head } = because;
  return { ...intent, told: { generation, epoch, head } };
}

/** What the server accepts regardless of our state: a restart, and leaving. */
function isWayOut(intent: Intent): intent is CreateIntent | LeaveIntent {
  return intent.type === 'group_leave' || (intent.type === 'group_create' && intent.isRestart === true);
}

/** Retrying will not help: the caller has to be told. */
export function isFinal(error: unknown): error is Error {
  if (error instanceof ServerRefused) return !error.isRetryable;
  return (
    error instanceof CannotDo ||
    error instanceof TooManyDevices ||
    error instanceof E2eeError ||
    error instanceof AccountKeyChanged ||
    error instanceof RangeError
  );
}
