import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { UsageError } from './command.ts';
import type { Output } from './output/output.ts';

/** Passphrases and codes fit into a line; more is a mistake. */
const MAX_BYTES = 4096;

/** From the keyboard without echo, or the first line of a pipe. Never from an argument, which other users of the machine can see. */
export async function askSecret(question: string, out: Output): Promise<string> {
  const secret = process.stdin.isTTY ? await typed(`${question}:`, out, unseen()) : await piped();
  if (secret === '') throw new UsageError(`${question} is needed: type it, or send it in through a pipe.`);
  return secret;
}

/** Asks twice for a new secret: a typing error would be noticed only when it is too late. */
export async function askNewSecret(question: string, out: Output): Promise<string> {
  const secret = await askSecret(question, out);
  if (process.stdin.isTTY && (await askSecret(`${question} once more`, out)) !== secret)
    throw new UsageError('The two are not the same; nothing was done.');
  return secret;
}

/** With echo, for something typed again as confirmation. */
export const askAgain = (question: string, out: Output): Promise<string> =>
  process.stdin.isTTY ? typed(question, out, process.stdout) : piped();

/** A line typed on a terminal; empty when there is no answer. */
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
