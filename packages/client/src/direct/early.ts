import type { DeviceRef } from '@securechat/crypto/e2ee';
import { entryOf as lineFor, type Said } from '../conversations/contents/text.ts';
import type { Core } from '../conversations/core.ts';
import { keysOf } from '../conversations/record.ts';
import type { Entry } from '../conversations/timeline/entry.ts';
import { positions } from '../conversations/timeline/positions.ts';
import { addEntry } from '../conversations/timeline/timeline.ts';
import { fromBytes } from '../storage/json.ts';

/** A message with the id it also has at the server. `after`: the sender's preceding message in this conversation. */
export type EarlySaid = { readonly id: string; readonly after?: string; readonly content: Said };

/** Lines per conversation awaiting the server's copy; further ones are left to that. */
const MAX_EARLY = 1_000;

/** Lines received over direct connections, shown before the server delivers them. */
export class EarlyLines {
  readonly #core: Core;
  readonly #waiting = new Map<string, Set<string>>();

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Shows it once, and only after its predecessor. Returns false for what is left to the server's copy, which always comes: known,
   * expired, out of order, or too many.
   */
  async show(conversationId: string, by: DeviceRef, { id, after, content }: EarlySaid): Promise<boolean> {
    const { registry, tell, now } = this.#core;
    const waiting = await this.#waitingIn(conversationId);
    if (waiting.size >= MAX_EARLY) return false;
    return registry.step(conversationId, async (step) => {
      if (step.found?.membership !== 'member') return false;
      const isKnown = async (messageId: string): Promise<boolean> =>
        (await step.draft.get(keysOf.position(step.id, messageId))) !== undefined;
      if ((await isKnown(id)) || (after !== undefined && !(await isKnown(after)))) return false;
      const { expiresAt } = content;
      if (expiresAt !== undefined && expiresAt * 1000 <= now()) return false;
      const line = lineFor(
        { id, from: by.userId, deviceId: by.deviceId, sentAtMs: now(), expiresAt },
        content,
      );
      const { nextLocal } = step.record;
      step.change({ nextLocal: nextLocal + 1 });
      addEntry(step, positions.waiting(nextLocal), { ...line, isEarly: true });
      step.draft.after(() => tell.message(step.id, id, true));
      waiting.add(id);
      await step.write();
      return true;
    });
  }

  /** The server has delivered it, or it is gone. */
  settled(conversationId: string, messageId: string): void {
    this.#waiting.get(conversationId)?.delete(messageId);
  }

  /** Includes those of an earlier process. */
  async #waitingIn(conversationId: string): Promise<Set<string>> {
    const known = this.#waiting.get(conversationId);
    if (known) return known;
    const behind = await this.#core.store.list(keysOf.message(conversationId, '~'));
    const early = behind.map(([, bytes]) => fromBytes<Entry>(bytes)).filter(({ isEarly }) => isEarly);
    const waiting = this.#waiting.get(conversationId) ?? new Set(early.map(({ id }) => id));
    this.#waiting.set(conversationId, waiting);
    return waiting;
  }
}
