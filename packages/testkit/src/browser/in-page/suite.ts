export type Action = () => unknown;
export type Result = { title: string; failure?: string };
/** The interface of a page with tests; `reach` is called when a test begins. */
export type Runner = { runTests(): Promise<Result[]>; reach?(title: string): void };

type Hooks = { beforeAll: Action[]; beforeEach: Action[]; afterEach: Action[]; afterAll: Action[] };
type Case = { title: string; run: Action; timeoutMs: number };

/** As in jest's configuration. */
const TIMEOUT_MS = 30_000;

/** A `describe` with its content; the outermost one is the file. */
class Suite {
  readonly title: string;
  readonly parent: Suite | undefined;
  readonly hooks: Hooks = { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] };
  readonly parts: (Suite | Case)[] = [];

  constructor(title: string, parent?: Suite) {
    this.title = title;
    this.parent = parent;
  }

  /** From the outermost to this one. */
  get line(): Suite[] {
    return [...(this.parent?.line ?? []), this];
  }
}

const file = new Suite('');
let current = file;

export function describeSuite(title: string, fill: () => void): void {
  const suite = new Suite(title, current);
  current.parts.push(suite);
  current = suite;
  try {
    fill();
  } finally {
    current = suite.parent ?? file;
  }
}

export function addTest(title: string, run: Action, timeoutMs = TIMEOUT_MS): void {
  current.parts.push({ title, run, timeoutMs });
}

export const addHook =
  (name: keyof Hooks) =>
  (action: Action): void =>
    void current.hooks[name].push(action);

/** Runs all tests of the file in order. */
export async function runTests(): Promise<Result[]> {
  return runSuite(file);
}

async function runSuite(suite: Suite): Promise<Result[]> {
  const results: Result[] = [];
  const around = async (name: 'beforeAll' | 'afterAll'): Promise<void> => {
    const failure = await failureOf(suite.hooks[name], TIMEOUT_MS);
    if (failure !== undefined) results.push({ title: titleOf(suite, name), failure });
  };
  await around('beforeAll');
  for (const part of suite.parts) {
    results.push(...(part instanceof Suite ? await runSuite(part) : [await runCase(suite, part)]));
  }
  await around('afterAll');
  return results;
}

async function runCase(suite: Suite, { title, run, timeoutMs }: Case): Promise<Result> {
  (globalThis as Partial<Runner>).reach?.(titleOf(suite, title));
  const before = suite.line.flatMap(({ hooks }) => hooks.beforeEach);
  const after = suite.line.toReversed().flatMap(({ hooks }) => hooks.afterEach);
  const failure = await failureOf([...before, run], timeoutMs);
  const failureAfter = await failureOf(after, timeoutMs);
  const first = failure ?? failureAfter;
  return { title: titleOf(suite, title), ...(first === undefined ? {} : { failure: first }) };
}

const titleOf = (suite: Suite, title: string): string =>
  [...suite.line.map((each) => each.title), title].filter((each) => each !== '').join(' › ');

/** Why one of these failed, or did not end in time. */
async function failureOf(actions: readonly Action[], timeoutMs: number): Promise<string | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    for (const action of actions) await Promise.race([action(), late]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    clearTimeout(timer);
  }
}
