import { plainJson, plainText } from './plain.ts';

/** Where commands write. Nothing gets past it that a terminal would obey. */
export type Output = {
  text(text: string): void;
  /** One object, one line. */
  json(value: Readonly<Record<string, unknown>>): void;
  /** To the person, beside what a script reads. */
  hint(text: string): void;
  trouble(text: string): void;
};

export function outputTo(write: (text: string) => void, complain: (text: string) => void): Output {
  return {
    text: (text) => write(`${plainText(text)}\n`),
    json: (value) => write(`${plainJson(value)}\n`),
    hint: (text) => complain(`${plainText(text)}\n`),
    trouble: (text) => complain(`securechat: ${plainText(text)}\n`),
  };
}

export const standardOutput: Output = outputTo(
  (text) => void process.stdout.write(text),
  (text) => void process.stderr.write(text),
);
