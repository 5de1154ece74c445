// Formats every file, sorts imports and applies the lint fixes that are safe.
import { runTool } from './tools.ts';

const result = await runTool(
  '@biomejs/biome',
  'biome',
  ['check', '--write', ...process.argv.slice(2)],
  'inherit',
);
process.exitCode = result.status;
