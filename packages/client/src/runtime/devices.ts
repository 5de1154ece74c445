import { checked } from '../content/outgoing.ts';
import type { OwnBody } from '../content/types.ts';
import { addressOf, devicesOf } from '../conversations/membership/log.ts';
import { enqueueContent, enqueueIntent } from '../conversations/outgoing/enqueue.ts';
import { takeOwnMark } from '../conversations/view/own-marks.ts';
import type { Conversations } from './conversations.ts';
import type { Runtime } from './runtime.ts';

/** The devices of this account: bringing them in, into all conversations, and taking them out. */
export class Devices {
  readonly #runtime: Runtime;
  readonly #conversations: Conversations;

  constructor(runtime: Runtime, conversations: Conversations) {
    this.#runtime = runtime;
    this.#conversations = conversations;
  }

  async linkCode(): Promise<string> {
    return (await linking()).linkCode(this.#runtime);
  }
  async approveLink(code: string): Promise<void> {
    await (await linking()).letIn(this.#runtime, code);
  }
  async revoke(deviceId: string): Promise<void> {
    await (await linking()).takeOut(this.#runtime, deviceId);
  }

  /**
   * Makes the own devices in all conversations those of the signed list. Returns whether something is left to be done later: a
   * new device has no key packages before its first login.
   */
  async settle(): Promise<boolean> {
    const { core } = this.#runtime;
    const { userId } = core.own;
    const { devices } = await ownList(this.#runtime);
    const listed = devices.map(({ device_id }) => addressOf(userId, device_id));
    if (listed.length > 1) await this.#conversations.own();
    let isLeft = false;
    for (const { id, membership } of core.registry.all()) {
      if (membership !== 'member') continue;
      isLeft = !(await this.#settleIn(id, listed)) || isLeft;
    }
    await this.#tellNewcomers();
    return isLeft;
  }

  async #settleIn(id: string, listed: readonly string[]): Promise<boolean> {
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
    const { outcome } = await core.registry.step(id, async (step) => {
      const itemId = enqueueIntent(
        core,
        step,
        { type: 'group_commit', why: 'devices', add, remove },
        { isFirst: true },
      );
      const pending = { outcome: outcomes.of(itemId) };
      await step.write();
      return pending;
    });
    await outcome;
    return missing().add.length === 0;
  }

  /** Whom this device has let in gets the account's key and the history, once it is in the conversation of the own devices. */
  async #tellNewcomers(): Promise<void> {
    const { account, core } = this.#runtime;
    for (const [key] of await core.store.list(welcomeKey(''))) {
      const own = await this.#conversations.own();
      const deviceId = key.slice(welcomeKey('').length);
      const isIn = addressOf(account.userId, deviceId) in (core.registry.get(own)?.log.leaves ?? {});
      if (!isIn) continue;
      const { newsFor } = await newcomers();
      const news = await newsFor(this.#runtime);
      await core.registry.step(own, async (step) => {
        for (const body of news) enqueueContent(core, step, checked('application/x-securechat-own', body));
        step.draft.delete(key);
        await step.write();
      });
    }
  }

  /** What another own device says. */
  told(told: OwnBody): void {
    const { core } = this.#runtime;
    this.#runtime.background(
      'conversationId' in told
        ? takeOwnMark(core, told)
        : newcomers().then(({ takeNews }) => takeNews(this.#runtime, told)),
    );
  }
}

/** Loaded when a device comes or goes, which is seldom. */
const linking = () => import('../account/linking.ts');
const newcomers = () => import('./newcomers.ts');

/** Of this account, as the server shows it now. */
export const ownList = ({ pins, account }: Runtime) => pins.list(account.userId, { isFresh: true });
/** A device that this one has let in, and that has not been told what it needs. */
export const welcomeKey = (deviceId: string): string => `newcomer/${deviceId}`;
