import type { AbortOptions } from '../../api/index.ts';
import type { Core } from '../core.ts';
import { CannotDo } from '../operations/built.ts';
import { greet } from '../outgoing/greet.ts';
import type { OwnMarks } from './own-marks.ts';

const blockKey = (userId: string): string => `blocked/${userId}`;

/** Whom one wants to hear, and how loud. */
export class Acceptance {
  readonly #core: Core;
  readonly #ownMarks: OwnMarks;
  readonly #blocked = new Set<string>();

  private constructor(core: Core, ownMarks: OwnMarks) {
    this.#core = core;
    this.#ownMarks = ownMarks;
  }

  static async load(core: Core, ownMarks: OwnMarks): Promise<Acceptance> {
    const acceptance = new Acceptance(core, ownMarks);
    for (const [key] of await core.store.list(blockKey('')))
      acceptance.#blocked.add(key.slice(blockKey('').length));
    return acceptance;
  }

  isBlocked(userId: string | undefined): boolean {
    return userId !== undefined && this.#blocked.has(userId);
  }

  async accept(id: string): Promise<void> {
    await this.#core.registry.step(id, async (step) => {
      if (!step.record.isRequest) return;
      step.change({ isRequest: false });
      this.#ownMarks.note(step, { tell: 'accepted', conversationId: id });
      await greet(this.#core, step);
      await step.write();
    });
  }

  async mute(id: string, isMuted: boolean): Promise<void> {
    await this.#core.registry.step(id, async (step) => {
      step.change({ isMuted });
      await step.write();
    });
  }

  async block(
    { id, peer }: { id: string; peer: string | undefined },
    isBlocked: boolean,
    options?: AbortOptions,
  ): Promise<void> {
    if (!peer) throw new CannotDo('people are blocked, not groups');
    await this.#core.connection.request(isBlocked ? 'block' : 'unblock', { user_id: peer }, options);
    const key = blockKey(peer);
    await this.#core.store.write([isBlocked ? { put: key, value: new Uint8Array() } : { delete: key }]);
    if (isBlocked) this.#blocked.add(peer);
    else this.#blocked.delete(peer);
    // of no line: that tells of the conversation alone
    this.#core.tell.message(id, '', false);
  }
}
