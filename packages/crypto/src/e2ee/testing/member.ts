import type {
  Applied,
  Committed,
  DeviceRef,
  E2eeEngine,
  GroupState,
  KeyPackagePair,
  Opened,
  OwnDevice,
} from '../engine.ts';
import type { People } from './people.ts';

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
export const nowSeconds = (): number => Math.floor(Date.now() / 1000);
const NOTHING = new Uint8Array();

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export const contains = (bytes: Uint8Array, part: Uint8Array): boolean =>
  bytes.some((_, at) => part.every((byte, index) => bytes[at + index] === byte));

/** A device with its key packages and one group state, as a client would keep them. */
export class Member {
  readonly own: OwnDevice;
  readonly #engine: E2eeEngine;
  readonly #packages = new Map<string, KeyPackagePair>();
  #state: GroupState | undefined;

  constructor(engine: E2eeEngine, own: OwnDevice) {
    this.#engine = engine;
    this.own = own;
  }

  get state(): GroupState {
    if (this.#state === undefined) throw new Error(`${this.own.userId} is in no group`);
    return this.#state;
  }

  set state(next: GroupState | undefined) {
    this.#state = next;
  }

  get isMember(): boolean {
    return this.#state !== undefined;
  }

  get epoch(): number {
    return this.#engine.describe(this.state).epoch;
  }

  /** `user:device` of all leaves. */
  get roster(): string[] {
    return this.#engine.describe(this.state).leaves.map(({ userId, deviceId }) => `${userId}:${deviceId}`);
  }

  async keyPackage(): Promise<Uint8Array> {
    const pair = await this.#engine.keyPackage(this.own, { nowSeconds: nowSeconds() });
    this.#packages.set(pair.reference, pair);
    return pair.bytes;
  }

  readonly find = async (references: readonly string[]): Promise<KeyPackagePair | undefined> =>
    references.map((reference) => this.#packages.get(reference)).find((pair) => pair !== undefined);

  async create(
    members: readonly Member[],
    groupId = crypto.getRandomValues(new Uint8Array(16)),
  ): Promise<void> {
    const add = await Promise.all(members.map((member) => member.keyPackage()));
    const { welcome, state } = await this.#engine.create(this.own, groupId, {
      add,
      nowSeconds: nowSeconds(),
    });
    this.state = state;
    if (welcome !== undefined) for (const member of members) await member.join(welcome);
  }

  async join(welcome: Uint8Array): Promise<void> {
    const { state, reference } = await this.#engine.join(welcome, this.own, this.find);
    this.#packages.delete(reference);
    this.state = state;
  }

  /** Not applied: the caller decides who wins. */
  commit(
    { add = [], remove = [] }: { add?: readonly Uint8Array[]; remove?: readonly DeviceRef[] } = {},
    authenticatedData: Uint8Array = NOTHING,
  ): Promise<Committed> {
    const change = { add, remove, nowSeconds: nowSeconds() };
    return this.#engine.commit(this.state, this.own, change, authenticatedData);
  }

  async follow(commit: Uint8Array): Promise<Applied> {
    const applied = await this.#engine.apply(this.state, commit, nowSeconds());
    this.state = applied.next;
    return applied;
  }

  async say(text: string, authenticatedData: Uint8Array = NOTHING): Promise<Uint8Array> {
    const { ciphertext, next } = await this.#engine.seal(this.state, this.own, utf8(text), authenticatedData);
    this.state = next;
    return ciphertext;
  }

  async open(ciphertext: Uint8Array): Promise<Opened> {
    const opened = await this.#engine.open(this.state, ciphertext);
    this.state = opened.next;
    return opened;
  }

  async hear(ciphertext: Uint8Array): Promise<string> {
    return textOf((await this.open(ciphertext)).plaintext);
  }
}

/** One device per name, in a group created by the first. */
export async function groupOf(
  engine: E2eeEngine,
  people: People,
  ...names: readonly string[]
): Promise<[Member, ...Member[]]> {
  const devices = await Promise.all(names.map((name) => people.device(name, 'phone')));
  const [first, ...others] = devices.map((own) => new Member(engine, own));
  if (first === undefined) throw new RangeError('a group has a member');
  await first.create(others);
  return [first, ...others];
}

/** A commit of one member that all others apply. */
export async function commitBy(
  member: Member,
  others: readonly Member[],
  change: { add?: readonly Uint8Array[]; remove?: readonly DeviceRef[] } = {},
): Promise<Committed> {
  const committed = await member.commit(change);
  member.state = committed.next;
  for (const other of others) await other.follow(committed.commit);
  return committed;
}
