import type { AbortOptions } from '../../api/index.ts';
import type { Core } from '../core.ts';
import { greet } from '../outgoing/greet.ts';
import type { OwnMarks } from './own-marks.ts';

export const blockedKey = (userId: string): string => `blocked/${userId}`;

/** Requests, muting and blocking. */
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
    for (const [key] of await core.store.list(blockedKey('')))
      acceptance.#blocked.add(key.slice(blockedKey('').length));
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

  async block(peer: string | undefined, isBlocked: boolean, options?: AbortOptions): Promise<void> {
    await (await blocking()).block(this.#known, peer, isBlocked, options);
  }

  /** Learns what other devices of the account have changed meanwhile. */
  async learnBlocked(): Promise<void> {
    await (await blocking()).learnBlocked(this.#known);
  }

  get #known() {
    return { core: this.#core, blocked: this.#blocked };
  }
}

const blocking = () => import('./blocking.ts');
