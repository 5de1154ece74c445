import { type Profiler, Session } from 'node:inspector/promises';

/** By source: for each character whether it has been executed. */
export type Executed = Map<string, Uint8Array>;

let session: Session | undefined;

/** Call it before the sources are loaded: for functions compiled earlier V8 counts only calls. Once per process. */
export async function startCounting(): Promise<void> {
  if (session) return;
  session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
}

/** What has been executed of these sources since the last call. */
export async function whatHasRun(sources: RegExp): Promise<Executed> {
  if (!session) throw new Error('nothing is counted yet');
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const executed: Executed = new Map();
  for (const { url, functions } of result) {
    if (!sources.test(url)) continue;
    const ends = functions.flatMap(({ ranges }) => ranges.map(({ endOffset }) => endOffset));
    const characters = executed.get(url) ?? new Uint8Array(Math.max(...ends));
    for (const each of functions) paint(characters, each);
    executed.set(url, characters);
  }
  return executed;
}

/** Outer ranges come before the inner ones that override them. */
function paint(characters: Uint8Array, { ranges }: Profiler.FunctionCoverage): void {
  for (const { startOffset, endOffset, count } of ranges)
    characters.fill(count > 0 ? 1 : 0, startOffset, endOffset);
}
