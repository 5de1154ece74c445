// Formats all files, sorts imports and applies safe lint fixes.
import { runTool } from './tools.ts';

const result = await runTool(
  '@biomejs/biome',
  'biome',
  ['check', '--write', ...process.argv.slice(2)],
  'inherit',
);
process.exitCode = result.status;
