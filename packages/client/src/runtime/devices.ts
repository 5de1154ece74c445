import { accountKeyOf, loadKeepsake } from '../account/account.ts';
import { checked } from '../content/outgoing.ts';
import type { OwnBody } from '../content/types.ts';
import { addressOf, devicesOf } from '../conversations/membership/log.ts';
import { enqueueContent, enqueueIntent } from '../conversations/outgoing/enqueue.ts';
import { takeOwnMark } from '../conversations/view/own-marks.ts';
import type { Conversations } from './conversations.ts';
import type { Runtime } from './runtime.ts';

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** The devices of this account: bringing them in, into all conversations, and taking them out. */
export class Devices {
  readonly #runtime: Runtime;
  readonly #conversations: Conversations;

  constructor(runtime: Runtime, conversations: Conversations) {
    this.#runtime = runtime;
    this.#conversations = conversations;
  }

  async linkCode(): Promise<string> {
    await accountKeyOf(this.#runtime.account);
    const list = await this.#ownList(true);
    const { pins } = await loadKeepsake(this.#runtime.core.store);
    const { inviteDevice } = await linking();
    return inviteDevice({ ...this.#runtime.account.server, pins }, list, nowSeconds());
  }

  async approveLink(code: string): Promise<void> {
    const { account, core, pins } = this.#runtime;
    const key = await accountKeyOf(account);
    const { addDevice, approveLink } = await linking();
    const previous = await this.#ownList(true);
    const enrolment = await approveLink(
      { userId: account.userId, key },
      core.own,
      previous,
      code,
      nowSeconds(),
    );
    await addDevice(account.server.http, enrolment);
    await pins.take(enrolment.list);
    const added = enrolment.list.devices.at(-1)?.device_id;
    if (added !== undefined) await core.store.write([{ put: welcomeKey(added), value: new Uint8Array() }]);
  }

  async revoke(deviceId: string): Promise<void> {
    const { account, core, pins } = this.#runtime;
    const owner = { userId: account.userId, key: await accountKeyOf(account) };
    const { nextDeviceList, revokeDevice } = await linking();
    const list = await nextDeviceList(
      owner,
      await this.#ownList(true),
      { removed: [deviceId] },
      nowSeconds(),
    );
    await revokeDevice(account.server.http, deviceId, list);
    await pins.take(list);
    await core.store.write([{ delete: welcomeKey(deviceId) }]);
  }

  /**
   * Makes the own devices in all conversations those of the signed list. Returns whether something is left to be done later: a
   * new device has no key packages before its first login.
   */
  async settle(): Promise<boolean> {
    const { core } = this.#runtime;
    const { userId } = core.own;
    const { devices } = await this.#ownList(true);
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

  #ownList(isFresh: boolean) {
    return this.#runtime.pins.list(this.#runtime.account.userId, { isFresh });
  }
}

/** Loaded when a device comes or goes, which is seldom. */
const linking = () => import('../account/linking.ts');
const newcomers = () => import('./newcomers.ts');

const welcomeKey = (deviceId: string): string => `newcomer/${deviceId}`;
