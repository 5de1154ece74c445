import { sha256 } from '@securechat/crypto/e2ee';
import {
  decodeBase64,
  encodeBase64,
  keyLogEntry,
  keyLogLabel,
  type SignedDeviceList,
} from '@securechat/protocol';
import { AccountKeyChanged, DeviceListRefused, ServerRefused } from '../errors.ts';
import { deviceListHash } from '../identity/device-list.ts';
import type { Pins } from '../identity/pins.ts';
import type { Store } from '../storage/store.ts';
import { Kept, type Seen } from './kept.ts';
import { Log, LogBroken, type LogEntry, type LogParts, type Whole } from './log.ts';
import type { Tree } from './tree.ts';

/** Bytes of a root that users exchange: few, so that they fit into the padding. */
const TOLD_BYTES = 24;
const TOLD = /^(\d{1,16}) ([A-Za-z0-9+/]{32})$/;

export type MonitorParts = LogParts & {
  store: Store;
  pins: Pick<Pins, 'known' | 'list' | 'userIds'>;
  ownId: string;
  alarm(detail: string, userId?: string): void;
};

/** After missing more entries than this (10 MB), a device skips to the head without reading them. */
const MAX_FOLLOWED = 100_000;
/** A list may be newer than the log was a moment ago. */
const TRIES = 3;

/**
 * Checks that the server shows everybody the same: each device list this device relies on is in the log, which only grows; each list
 * logged for a known user, this one included, follows from its predecessor and is the one the server shows. Violations raise an alarm.
 */
export class KeyLogMonitor {
  readonly #parts: MonitorParts;
  readonly #log: Log;
  readonly #kept: Kept;
  readonly #users = new Map<string, string>();
  #tree: Tree | undefined;
  #told: string | undefined;
  #working: Promise<unknown> = Promise.resolve();

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    this.#log = new Log(parts);
    this.#kept = new Kept(parts.store);
  }

  /** Follows the log to its end and checks all lists that are new here. Rejects as requests do; violations raise alarms. */
  check(): Promise<void> {
    return this.#alone(undefined, async () => {
      await this.#follow();
      for (const userId of this.#parts.pins.userIds()) await this.#checkUser(userId);
    });
  }

  /** What this device was shown, size and root, for others to compare. Undefined before the first check. */
  get told(): string | undefined {
    return this.#told;
  }

  /** Whether `userId` was shown the same log. Rejects as `check` does. */
  compare(userId: string, told: string): Promise<void> {
    return this.#alone(userId, async () => {
      const tree = await this.#follow();
      const size = Number(TOLD.exec(told)?.[1] ?? Number.NaN);
      if (!(size <= tree.size)) throw new LogBroken('it is longer for others');
      const first = await this.#log.at(size, await wholeOf(tree));
      if ((await toldOf(first)) !== told) throw new LogBroken('others are shown another one');
    });
  }

  #alone(userId: string | undefined, work: () => Promise<void>): Promise<void> {
    const done = this.#working.then(work).catch((error: unknown) => {
      if (error instanceof LogBroken) return this.#parts.alarm(error.message, userId);
      if (error instanceof ServerRefused && !error.isRetryable)
        return this.#parts.alarm('the server does not show it', userId);
      throw error;
    });
    this.#working = done.catch(() => undefined);
    return done;
  }

  async #follow(): Promise<Tree> {
    const from = this.#tree ?? (await this.#kept.tree()) ?? (await this.#begin());
    const head = await this.#log.head();
    if (head.size - from.size > MAX_FOLLOWED) return this.#keep(await this.#log.skip(from, head), new Map());
    const users = await this.#usersByLabel();
    const noted: [userId: string, entry: LogEntry][] = [];
    const tree = await this.#log.follow(from, (entry) => {
      const userId = users.get(entry.label);
      if (userId !== undefined) noted.push([userId, entry]);
    });
    const newest = new Map<string, Seen>();
    for (const [userId, entry] of noted) {
      const before = newest.get(userId) ?? (await this.#kept.due(userId)) ?? (await this.#kept.seen(userId));
      // already covered at the start, or checked by a proof
      if (before && entry.position <= before.position) continue;
      if (before && entry.previous !== before.sha256)
        this.#parts.alarm('a list was logged that does not follow from the one before', userId);
      newest.set(userId, { sha256: entry.sha256, position: entry.position });
    }
    return this.#keep(tree, newest);
  }

  async #keep(tree: Tree, newest: ReadonlyMap<string, Seen>): Promise<Tree> {
    await this.#kept.keepTree(tree, newest);
    this.#tree = tree;
    this.#told = await toldOf(tree);
    return tree;
  }

  /** A device monitors from the first list it finds onwards. */
  async #begin(): Promise<Tree> {
    const { pins, ownId } = this.#parts;
    const list = await pins.list(ownId, { isFresh: true });
    for (let tries = 0; tries < TRIES; tries++) {
      const head = await this.#log.head();
      const found = await this.#find(list, { size: head.size, root: decodeBase64(head.root) });
      if (found?.before) return found.before;
    }
    throw new LogBroken('the own list is not in it');
  }

  /** The list in use must be in the log, and not older than its user's newest entry. */
  async #checkUser(userId: string): Promise<void> {
    const { pins, alarm } = this.#parts;
    const due = await this.#kept.due(userId);
    const known = pins.known(userId);
    if (!known) return;
    const hash = await deviceListHash(known);
    if (!due && (await this.#kept.seen(userId))?.sha256 === hash) return;
    const list = !due || due.sha256 === hash ? known : await this.#newestOf(userId);
    if (!list) return;
    const position = await this.#positionOf(list);
    if (position === undefined) return alarm('the list that the server shows is not in the log', userId);
    if (due && position < due.position)
      return alarm('the server shows an older list than was logged', userId);
    await this.#kept.keepSeen(userId, { sha256: await deviceListHash(list), position });
  }

  /** Undefined when another alarm says why. */
  async #newestOf(userId: string): Promise<SignedDeviceList | undefined> {
    try {
      return await this.#parts.pins.list(userId, { isFresh: true });
    } catch (error) {
      if (error instanceof AccountKeyChanged) return undefined;
      if (!(error instanceof DeviceListRefused)) throw error;
      this.#parts.alarm('the server shows a list that is none of this user', userId);
      return undefined;
    }
  }

  async #positionOf(list: SignedDeviceList): Promise<number | undefined> {
    let tree = this.#tree ?? (await this.#follow());
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await this.#find(list, await wholeOf(tree));
      if (!found || found.before) return found?.position;
      tree = await this.#follow();
    }
    throw new LogBroken('what it is said to have stays behind its end');
  }

  async #find(list: SignedDeviceList, whole: Whole): ReturnType<Log['find']> {
    const sha = await deviceListHash(list);
    const entry = keyLogEntry(await sha256(keyLogLabel(list.user_id)), {
      sha256: decodeBase64(sha),
      previous_sha256: list.previous_sha256,
    });
    return this.#log.find({ user_id: list.user_id, sha256: sha }, entry, whole);
  }

  async #usersByLabel(): Promise<ReadonlyMap<string, string>> {
    const known = new Set(this.#users.values());
    for (const userId of this.#parts.pins.userIds())
      if (!known.has(userId)) this.#users.set(encodeBase64(await sha256(keyLogLabel(userId))), userId);
    return this.#users;
  }
}

async function toldOf(tree: Tree): Promise<string> {
  return `${tree.size} ${encodeBase64((await tree.root()).subarray(0, TOLD_BYTES))}`;
}

async function wholeOf(tree: Tree): Promise<Whole> {
  return { size: tree.size, root: await tree.root() };
}
