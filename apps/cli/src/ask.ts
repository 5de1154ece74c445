import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { UsageError } from './command.ts';
import type { Output } from './output/output.ts';

/** Passphrases and codes are a line; more is a mistake. */
const MAX_BYTES = 4096;

/** From the keyboard without showing it; from a pipe its first line. Never an argument: other users of a machine see those. */
export async function askSecret(question: string, out: Output): Promise<string> {
  const secret = process.stdin.isTTY ? await typed(`${question}:`, out, unseen()) : await piped();
  if (secret === '') throw new UsageError(`${question} is needed: type it, or send it in through a pipe.`);
  return secret;
}

/** The same for one that opens nothing yet: a slip of the finger would be noticed when it is too late. */
export async function askNewSecret(question: string, out: Output): Promise<string> {
  const secret = await askSecret(question, out);
  if (process.stdin.isTTY && (await askSecret(`${question} once more`, out)) !== secret)
    throw new UsageError('The two are not the same; nothing was done.');
  return secret;
}

/** The same in plain sight, for what somebody has to say again before it is done. */
export const askAgain = (question: string, out: Output): Promise<string> =>
  process.stdin.isTTY ? typed(question, out, process.stdout) : piped();

/** What a person types on a terminal; empty when there is no answer. */
export const askLine = (question: string, out: Output): Promise<string> =>
  typed(question, out, process.stdout);

const unseen = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

async function typed(question: string, out: Output, echo: NodeJS.WritableStream): Promise<string> {
  out.hint(question);
  const lines = createInterface({ input: process.stdin, output: echo, terminal: true, historySize: 0 });
  const stopping = new AbortController();
  lines.once('SIGINT', () => stopping.abort());
  lines.once('close', () => stopping.abort());
  try {
    return (await lines.question('', { signal: stopping.signal })).trim();
  } catch (error) {
    if (stopping.signal.aborted) return '';
    throw error;
  } finally {
    lines.close();
  }
}

async function piped(): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) {
    text += chunk;
    if (text.length > MAX_BYTES) throw new UsageError('What comes through the pipe is too long.');
  }
  return text.split(/\r?\n/)[0] ?? '';
}
