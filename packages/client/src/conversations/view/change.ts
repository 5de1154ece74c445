import type { Role, WaitOptions } from '../../api/index.ts';
import type { Core } from '../core.ts';
import { CannotDo } from '../operations/built.ts';
import type { Intent } from '../operations/index.ts';
import { MAX_NAME } from '../operations/name.ts';
import type { Outcomes } from '../outgoing/outcomes.ts';
import { type PerformOptions, perform } from '../outgoing/perform.ts';
import type { ConversationRecord } from '../record.ts';
import type { Step } from '../step.ts';
import { demandMember } from './say.ts';

export function restartOf(record: ConversationRecord | undefined): Intent {
  const { kind = 'group', roles = {} } = record?.log ?? {};
  const name = kind === 'group' && record?.name ? { name: record.name } : {};
  const purpose = record?.purpose ?? 'people';
  return { type: 'group_create', kind, purpose, users: Object.keys(roles), isRestart: true, ...name };
}

/** Membership and role changes. Each resolves when the server has accepted it. */
export class Changes {
  readonly #core: Core;
  readonly #outcomes: Outcomes;

  constructor(core: Core, outcomes: Outcomes) {
    this.#core = core;
    this.#outcomes = outcomes;
  }

  remove(id: string, user: string, wait?: WaitOptions): Promise<void> {
    return this.do(id, { type: 'group_member_remove', user }, wait);
  }

  leave(id: string, wait?: WaitOptions): Promise<void> {
    const isFirst = this.#core.registry.get(id)?.parted !== undefined;
    return this.do(id, { type: 'group_leave' }, { ...wait, isFirst });
  }

  rename(id: string, name: string, wait?: WaitOptions): Promise<void> {
    if (name.length > MAX_NAME) throw new RangeError(`a name has at most ${MAX_NAME} characters`);
    return this.do(id, { type: 'group_update', name }, wait);
  }

  setRole(id: string, user: string, role: Role, wait?: WaitOptions): Promise<void> {
    return this.do(id, { type: 'group_update', user, role }, wait);
  }

  restart(id: string, wait?: WaitOptions): Promise<void> {
    // first, because what is queued before it may be waiting for it
    return this.do(id, restartOf(this.#core.registry.get(id)), { ...wait, isFirst: true });
  }

  do(id: string, intent: Intent, options: PerformOptions = {}): Promise<void> {
    const demand = (step: Step): void => {
      demandMember(step);
      // queued behind the restart it would wait for, it would wait too
      if (step.record.parted === 'stuck' && !options.isFirst)
        throw new CannotDo('this conversation must be restarted');
    };
    return perform(this.#core, this.#outcomes, id, intent, { ...options, demand });
  }
}
