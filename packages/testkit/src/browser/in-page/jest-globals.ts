// The @jest/globals of test files that run in a page: the part of it that they use.
import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';
import { type Action, addHook, addTest, describeSuite, runTests } from './suite.ts';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);
export const { expect } = chai;

export const beforeAll = addHook('beforeAll');
export const beforeEach = addHook('beforeEach');
export const afterEach = addHook('afterEach');
export const afterAll = addHook('afterAll');

type Row = Record<string, unknown> | readonly unknown[];
type EachAction = (...values: unknown[]) => unknown;

/** `$name` is replaced by the row's member of that name; `%s` and the like by the row's values in order. */
function titleFor(title: string, row: Row): string {
  if (!Array.isArray(row)) return title.replace(/\$(\w+)/g, (_, name) => String((row as never)[name]));
  const values = [...row];
  return title.replace(/%[sdipj]/g, () => String(values.shift()));
}

const eachOf =
  (add: (title: string, action: Action, timeoutMs?: number) => void) =>
  (rows: readonly Row[]) =>
  (title: string, action: EachAction, timeoutMs?: number): void => {
    for (const row of rows) {
      add(titleFor(title, row), () => (Array.isArray(row) ? action(...row) : action(row)), timeoutMs);
    }
  };

export const test = Object.assign(addTest, { each: eachOf(addTest) });
export const describe = Object.assign(describeSuite, { each: eachOf(describeSuite) });

Object.assign(globalThis, { runTests });
