#!/usr/bin/env node
import { runCommandLine } from './command-line.ts';
import { standardOutput } from './output/output.ts';

// the reader of `securechat listen | head` has seen enough: not a failure
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runCommandLine(process.argv.slice(2), standardOutput);
