import type { Conversation } from '../api/index.ts';
import { keysOf } from '../conversations/record.ts';
import type { Entry as Line } from '../conversations/timeline/entry.ts';
import { fromBytes } from '../storage/json.ts';
import type { Store } from '../storage/store.ts';

/** Lines read at once. Between two reads other work gets its turn. */
const PAGE = 500;

/** The lines of a conversation and its threads that are looked for, from the newest on. */
export class FoundLines {
  readonly conversation: Conversation;
  readonly #store: Store;
  readonly #isWanted: (line: Line) => boolean;
  /** Read, and not taken yet; the newest last. */
  #found: Line[] = [];
  #after: string | undefined;
  #isRead = false;
  /** Of the oldest line that was read. */
  #readBackToMs: number;

  constructor(store: Store, conversation: Conversation, isWanted: (line: Line) => boolean) {
    this.#store = store;
    this.conversation = conversation;
    this.#isWanted = isWanted;
    this.#readBackToMs = conversation.activeAtMs;
  }

  get isAtEnd(): boolean {
    return this.#isRead && this.#found.length === 0;
  }

  /** When the next line was sent, or a time before which it was. */
  get nextMs(): number {
    return this.#found.at(-1)?.sentAtMs ?? this.#readBackToMs;
  }

  /** The next line; undefined when more must be read to know it, or there is none. */
  take(): Line | undefined {
    return this.#found.pop();
  }

  async read(): Promise<void> {
    const prefix = keysOf.message(this.conversation.id, '');
    const after = this.#after === undefined ? {} : { after: this.#after };
    const page = await this.#store.list(prefix, { reverse: true, limit: PAGE, ...after });
    const lines = page.map(([, bytes]) => fromBytes<Line>(bytes));
    this.#found = lines.filter(this.#isWanted).reverse();
    this.#after = page.at(-1)?.[0];
    this.#readBackToMs = lines.at(-1)?.sentAtMs ?? this.#readBackToMs;
    this.#isRead = page.length < PAGE;
  }
}
