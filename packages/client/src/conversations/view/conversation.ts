import type {
  AbortOptions,
  Content,
  Conversation,
  FileInfo,
  Member,
  Message,
  Role,
  SendOptions,
  Thread,
  WaitOptions,
} from '../../api/index.ts';
import { lookUp } from '../../look-up.ts';
import type { Core } from '../core.ts';
import { deviceOf, devicesOf } from '../membership/log.ts';
import { CannotDo } from '../operations/built.ts';
import type { ConversationRecord } from '../record.ts';
import { accept, mute } from './acceptance.ts';
import type { Changes } from './change.ts';
import type { OwnMarks } from './own-marks.ts';
import type { Reading } from './read.ts';
import { deleteForEveryone, edit, react, send, share } from './say.ts';

export type ViewParts = {
  readonly core: Core;
  readonly changes: Changes;
  readonly reading: Reading;
  readonly ownMarks: OwnMarks;
};

/** A conversation as apps hold it: a live view of the record, and its methods. */
export class ConversationView implements Conversation {
  readonly id: string;
  /** The newest line, looked up again on changes. */
  last: Message | undefined;
  readonly #parts: ViewParts;

  constructor(id: string, parts: ViewParts) {
    this.id = id;
    this.#parts = parts;
  }

  get #record(): ConversationRecord {
    const record = this.#parts.core.registry.get(this.id);
    if (!record) throw new CannotDo('there is no such conversation');
    return record;
  }

  get kind(): 'direct' | 'group' {
    return this.#record.log.kind;
  }
  get name(): string {
    return this.#record.name;
  }
  get peer(): string | undefined {
    return this.#record.peer;
  }
  get memberIds(): readonly string[] {
    return Object.keys(this.#record.log.roles).sort();
  }
  get ownRole(): Role {
    return lookUp(this.#record.log.roles, this.#parts.core.own.userId) ?? 'member';
  }
  get isMember(): boolean {
    return this.#record.membership === 'member';
  }
  get isRequest(): boolean {
    return this.#record.isRequest;
  }
  get isListed(): boolean {
    const body = this.last?.body;
    return !(this.isRequest && this.peer && body?.type === 'notice' && body.notice.type === 'created');
  }
  get isBlocked(): boolean {
    return this.#parts.core.blocked.has(this.peer ?? '');
  }
  get isMuted(): boolean {
    return this.#record.isMuted;
  }
  get isStuck(): boolean {
    return this.#record.parted === 'stuck';
  }
  get unread(): number {
    return this.#record.unread;
  }
  get activeAtMs(): number {
    return this.#record.activeAtMs;
  }

  members(): readonly Member[] {
    const { log, marks } = this.#record;
    return this.memberIds.map((userId) => ({
      userId,
      role: lookUp(log.roles, userId) ?? 'member',
      devices: devicesOf(log, userId).map(deviceOf),
      deliveredThrough: lookUp(marks, userId)?.deliveredThrough ?? 0,
      readThrough: lookUp(marks, userId)?.readThrough ?? 0,
    }));
  }

  async send(content: string | Content, options?: SendOptions): Promise<Message> {
    if (this.isRequest) await this.accept();
    return send(this.#parts.core, this.id, content, options);
  }
  async share(file: FileInfo, options?: SendOptions): Promise<Message> {
    if (this.isRequest) await this.accept();
    return share(this.#parts.core, this.id, file, options);
  }
  async edit(messageId: string, content: string | Content): Promise<void> {
    await edit(this.#parts.core, this.id, messageId, content);
  }
  async deleteForEveryone(messageId: string): Promise<void> {
    await deleteForEveryone(this.#parts.core, this.id, messageId);
  }
  async react(messageId: string, emoji: string | undefined): Promise<void> {
    await react(this.#parts.core, this.id, messageId, emoji);
  }
  async retry(messageId: string): Promise<Message> {
    // loaded on first use: messages rarely fail
    const { retry } = await import('./retry.ts');
    return retry(this.#parts.core, this.id, messageId);
  }

  messages(options?: { before?: string; limit?: number; threadId?: string }): Promise<Message[]> {
    return this.#parts.reading.messages(this.id, options);
  }
  message(messageId: string): Promise<Message | undefined> {
    return this.#parts.reading.message(this.id, messageId);
  }
  markRead(messageId: string, options: { threadId?: string } = {}): Promise<void> {
    return this.#parts.reading.markRead(this.id, messageId, options.threadId);
  }
  threads(): Promise<Thread[]> {
    return this.#parts.reading.threads(this.id);
  }
  thread(threadId: string): Promise<Thread> {
    return this.#parts.reading.thread(this.id, threadId);
  }

  async add(userIds: readonly string[], wait?: WaitOptions): Promise<void> {
    const { core, changes } = this.#parts;
    // loaded on first use: people are seldom added
    const { add } = await import('./add.ts');
    await add(core, changes, this.id, userIds, wait);
  }
  async remove(userId: string, wait?: WaitOptions): Promise<void> {
    await this.#parts.changes.remove(this.id, userId, wait);
  }
  async leave(wait?: WaitOptions): Promise<void> {
    await this.#parts.changes.leave(this.id, wait);
  }
  async rename(name: string, wait?: WaitOptions): Promise<void> {
    await this.#parts.changes.rename(this.id, name, wait);
  }
  async setRole(userId: string, role: Role, wait?: WaitOptions): Promise<void> {
    await this.#parts.changes.setRole(this.id, userId, role, wait);
  }
  async restart(wait?: WaitOptions): Promise<void> {
    await this.#parts.changes.restart(this.id, wait);
  }

  mute(isMuted: boolean): Promise<void> {
    return mute(this.#parts.core, this.id, isMuted);
  }
  async accept(): Promise<void> {
    const { core, ownMarks, reading } = this.#parts;
    await accept(core, ownMarks, this.id);
    reading.tellRead(this.id);
  }
  block(options?: AbortOptions): Promise<void> {
    return this.#setBlocked(true, options);
  }
  unblock(options?: AbortOptions): Promise<void> {
    return this.#setBlocked(false, options);
  }
  async #setBlocked(isBlocked: boolean, options?: AbortOptions): Promise<void> {
    const { core, ownMarks } = this.#parts;
    const { block } = await import('./blocking.ts');
    await block(core, ownMarks, { peer: this.peer, isBlocked }, options);
  }
}
