import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../tests/chaos/random.ts';
import { Guide } from './guide.ts';
import { mutate } from './mutate.ts';
import type { Outcome, Target } from './target.ts';

export type Plan = {
  random: Random;
  untilMs: number;
  /** The corpus kept between runs, a folder per target. */
  folder: string;
};

/** Inputs per coverage query, which takes a thousand times as long as most inputs. */
const BATCH = 128;
/** An input that keeps a process busy for this long is a fault. */
const MAX_INPUT_MS = 2_000;

/** Feeds a target until the time is up or a fault occurs. The faulty input stays in the folder, as `fault-…`. */
export async function fuzz(target: Target, { random, untilMs, folder }: Plan): Promise<Outcome> {
  const place = join(folder, target.name);
  mkdirSync(place, { recursive: true });
  const corpus = [...target.seeds, ...readdirSync(place).map((name) => readFileSync(join(place, name)))];
  const guide = target.guidedBy && new Guide(target.guidedBy);
  const outcome: Outcome = { inputs: 0, kept: 0, fault: undefined };
  outcome.fault = await feed(target, corpus, place);
  outcome.inputs = corpus.length;
  await guide?.begin();
  while (outcome.fault === undefined && performance.now() < untilMs) {
    const batch = Array.from({ length: BATCH }, () => mutate(random, corpus));
    outcome.fault = await feed(target, batch, place);
    outcome.inputs += batch.length;
    if (outcome.fault !== undefined || !guide) continue;
    const found = await guide.reachingMore(target, batch);
    for (const input of found) writeFileSync(join(place, nameOf(input)), input);
    corpus.push(...found);
    outcome.kept += found.length;
  }
  return outcome;
}

/** The fault of one of these inputs, if any. */
async function feed(
  target: Target,
  inputs: readonly Uint8Array[],
  place: string,
): Promise<string | undefined> {
  for (const input of inputs) {
    const startedAtMs = performance.now();
    try {
      await target.run(input);
      const tookMs = performance.now() - startedAtMs;
      if (target.guidedBy && tookMs > MAX_INPUT_MS) throw new Error(`it took ${Math.round(tookMs)} ms`);
    } catch (error) {
      const file = join(place, `fault-${nameOf(input)}`);
      writeFileSync(file, input);
      return `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n  the input: ${file}`;
    }
  }
  return undefined;
}

function nameOf(input: Uint8Array): string {
  return createHash('sha256').update(input).digest('hex').slice(0, 16);
}
