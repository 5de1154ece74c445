import { plainJson, plainText } from './plain.ts';

/** Where commands write. Removes everything that a terminal would interpret. */
export type Output = {
  text(text: string): void;
  /** One object per line. */
  json(value: Readonly<Record<string, unknown>>): void;
  /** For the person, apart from what a script reads. */
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
