import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CORE_BUDGET_BYTES, PART_BUDGETS } from './client/sizes.ts';
import { ROOT } from './tools.ts';

/** The table of docs/sdk.md: the core by file name, each part by its source. */
export function checkSizes(): string[] {
  const page = readFileSync(join(ROOT, 'docs/sdk.md'), 'utf8');
  const rows = [...page.matchAll(/^\| [^|]*`([^`|]+\.(?:ts|js))`[^|]*\| [^|]+ \| ([\d,]+) \|$/gm)];
  const inPage = Object.fromEntries(
    rows.map(([, name = '', bytes = '']) => [name, Number(bytes.replaceAll(',', ''))]),
  );
  const inCode: Record<string, number> = { 'index.js': CORE_BUDGET_BYTES, ...PART_BUDGETS };
  return [...new Set([...Object.keys(inPage), ...Object.keys(inCode)])]
    .filter((name) => inPage[name] !== inCode[name])
    .map((name) => `docs/sdk.md: the budget of ${name} is ${inCode[name] ?? 'not there'} in the code`);
}
