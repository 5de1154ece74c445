import { type Executed, whatHasRun } from './coverage.ts';
import type { Target } from './target.ts';

/** Tells which inputs have reached code that none has reached before. */
export class Guide {
  readonly #sources: RegExp;
  readonly #reached: Executed = new Map();

  constructor(sources: RegExp) {
    this.#sources = sources;
  }

  /** What the first inputs reach is nothing new. */
  async begin(): Promise<void> {
    join(this.#reached, await whatHasRun(this.#sources));
  }

  /** Of a batch that was fed. Only when all of it together has reached something new, each is fed once more, alone. */
  async reachingMore(target: Target, batch: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const together = await whatHasRun(this.#sources);
    if (!isNew(this.#reached, together)) return [];
    const found: Uint8Array[] = [];
    for (const input of batch) {
      await target.run(input);
      const alone = await whatHasRun(this.#sources);
      if (isNew(this.#reached, alone)) found.push(input);
      join(this.#reached, alone);
    }
    join(this.#reached, together);
    return found;
  }
}

function isNew(reached: Executed, executed: Executed): boolean {
  for (const [url, characters] of executed) {
    const known = reached.get(url);
    if (characters.some((has, at) => has === 1 && known?.[at] !== 1)) return true;
  }
  return false;
}

function join(reached: Executed, executed: Executed): void {
  for (const [url, characters] of executed) {
    const before = reached.get(url) ?? new Uint8Array(0);
    const all = new Uint8Array(Math.max(before.length, characters.length));
    all.set(before);
    for (const [at, has] of characters.entries()) if (has === 1) all[at] = 1;
    reached.set(url, all);
  }
}
