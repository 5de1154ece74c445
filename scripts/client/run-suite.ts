// node run-suite.ts FILE: runs the tests of a bundle that contains its own `test` and `expect`, and counts them.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

type Result = { title: string; failure?: string };

const [file = ''] = process.argv.slice(2);
await import(pathToFileURL(resolve(file)).href);
const { runTests } = globalThis as unknown as { runTests(): Promise<Result[]> };
const results = await runTests();
const failures = results.filter(({ failure }) => failure !== undefined);
for (const { title, failure } of failures) console.log(`\n  ● ${title}\n\n${failure}\n`);
console.log(`${results.length - failures.length} passed, ${failures.length} failed`);
process.exit(failures.length === 0 && results.length > 0 ? 0 : 1);
