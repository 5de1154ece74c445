/**
 * Writes the vectors: `node packages/protocol/vectors/generate.ts`. They are committed, and a test compares them with
 * this program, so that a change of the wire shows in a diff of bytes.
 */
// biome-ignore lint/style/noRestrictedImports: this program writes files; the package itself never does.
import { writeFileSync } from 'node:fs';
import { frameVectors } from './source/frames.ts';
import { jsonText } from './source/json-text.ts';
import { messageVectors } from './source/messages.ts';
import { retryVectors } from './source/retry.ts';
import { transcriptVectors } from './source/transcripts.ts';

/** File name to text, all of them. */
export function vectorFiles(): Map<string, string> {
  const contents = {
    ...messageVectors(),
    frames: frameVectors(),
    transcripts: transcriptVectors(),
    retry: retryVectors(),
  };
  return new Map(Object.entries(contents).map(([name, content]) => [`${name}.json`, jsonText(content)]));
}

if (import.meta.main) {
  for (const [name, text] of vectorFiles()) writeFileSync(new URL(name, import.meta.url), text);
}
