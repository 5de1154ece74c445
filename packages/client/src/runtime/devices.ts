import { deviceNamesKey } from '../conversations/contents/own.ts';
import { addressOf, devicesOf } from '../conversations/membership/log.ts';
import { perform } from '../conversations/outgoing/perform.ts';
import { isFinal } from '../conversations/outgoing/sealer.ts';
import { RequestTimedOut } from '../errors.ts';
import type { Conversations } from './conversations.ts';
import type { Runtime } from './runtime.ts';

/** For all conversations together; the rest is left for later. */
const SETTLE_MS = 300_000;

/** The devices of this account, in all its conversations; and what they tell each other. */
export class Devices {
  readonly #runtime: Runtime;
  readonly #conversations: Conversations;
  #acting = Promise.resolve();

  constructor(runtime: Runtime, conversations: Conversations) {
    this.#runtime = runtime;
    this.#conversations = conversations;
  }

  /**
   * Brings the own devices in all conversations in line with the signed list. Returns whether something is left for later: a new device
   * has no key packages before its first login.
   */
  async settle(): Promise<boolean> {
    const { core } = this.#runtime;
    const { userId } = core.own;
    const { devices } = await ownList(this.#runtime);
    const listed = devices.map(({ device_id }) => addressOf(userId, device_id));
    if (listed.length > 1) await this.#conversations.own();
    let isLeft = false;
    const untilMs = performance.now() + SETTLE_MS;
    for (const { id, membership, parted } of core.registry.all()) {
      // a restart adds the listed devices anyway
      if (membership !== 'member' || parted === 'stuck') continue;
      isLeft = !(await this.#settleIn(id, listed, untilMs)) || isLeft;
    }
    if (core.settings.deviceName && !(await core.store.get(deviceNamesKey(core.own.deviceId))))
      await (await import('./device-names.ts')).deviceNames(this.#runtime);
    await this.#tellNewcomers(isLeft);
    return isLeft;
  }

  async #settleIn(id: string, listed: readonly string[], untilMs: number): Promise<boolean> {
    const { core, outcomes } = this.#runtime;
    const missing = (): { add: string[]; remove: string[] } => {
      const { log, membership } = core.registry.get(id) ?? {};
      if (!log || membership !== 'member') return { add: [], remove: [] };
      const held = devicesOf(log, core.own.userId);
      return {
        add: listed.filter((address) => !held.includes(address)),
        remove: held.filter((address) => !listed.includes(address)),
      };
    };
    const { add, remove } = missing();
    if (add.length + remove.length === 0) return true;
    try {
      const deadlineMs = Math.max(0, untilMs - performance.now());
      const intent = { type: 'group_commit', why: 'devices', add, remove } as const;
      await perform(core, outcomes, id, intent, { isFirst: true, deadlineMs });
    } catch (error) {
      // a full or stuck conversation must not keep the device out of the others
      if (!isFinal(error) && !(error instanceof RequestTimedOut)) throw error;
      return false;
    }
    return missing().add.length === 0;
  }

  async #tellNewcomers(isLeft: boolean): Promise<void> {
    const isNew = (await this.#runtime.core.store.list(welcomeKey(''), { limit: 1 })).length > 0;
    if (!isNew) return;
    // loaded on first use: devices rarely change
    const { tellNewcomers } = await import('./newcomers.ts');
    await tellNewcomers(this.#runtime, await this.#conversations.own(), isLeft);
  }

  /** Acts on what other own devices have told, one after the other. */
  told(): void {
    this.#acting = this.#acting.then(async () => (await import('./told.ts')).actOnTold(this.#runtime));
    this.#runtime.background(this.#acting);
  }
}

/** This account's device list, as the server shows it now. */
export const ownList = ({ pins, account }: Runtime) => pins.list(account.userId, { isFresh: true });
/** A device linked by this one that has not been sent what it needs yet; for this device, names that the others have not been told. */
export const welcomeKey = (deviceId: string): string => `newcomer/${deviceId}`;
