import { type Executed, whatHasRun } from './coverage.ts';
import type { Target } from './target.ts';

/** Determines which inputs have reached new code. */
export class Guide {
  readonly #sources: RegExp;
  readonly #reached: Executed = new Map();

  constructor(sources: RegExp) {
    this.#sources = sources;
  }

  /** What the initial inputs reach is not new. */
  async begin(): Promise<void> {
    join(this.#reached, await whatHasRun(this.#sources));
  }

  /** Of a batch already fed. Only if the batch reached something new is it fed again, in halves, down to single inputs. */
  async reachingMore(target: Target, batch: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const executed = await whatHasRun(this.#sources);
    if (!isNew(this.#reached, executed)) return [];
    const found: Uint8Array[] = [];
    if (batch.length === 1) found.push(...batch);
    else {
      const middle = batch.length >> 1;
      for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
        for (const input of half) await target.run(input);
        found.push(...(await this.reachingMore(target, half)));
      }
    }
    join(this.#reached, executed);
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
