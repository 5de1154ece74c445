// biome-ignore lint/style/noRestrictedImports: only tests read the vectors, and they run on Node.
import { readdirSync, readFileSync } from 'node:fs';
import { hexBytes } from './hex.ts';

type Direction = 'up' | 'down';
type FrameVector = {
  name: string;
  direction: Direction;
  frame: string;
  message?: Record<string, unknown>;
  error?: string;
  at?: string;
};
export type MessageVectors = { type: string; id: number; valid: FrameVector[]; invalid: FrameVector[] };

const HEADER_HEX_DIGITS = 24;
const folder = new URL('.', import.meta.url);
const notOfOneType = ['frames.json', 'transcripts.json', 'retry.json'];

export const vectorFileNames: readonly string[] = readdirSync(folder).filter((name) =>
  name.endsWith('.json'),
);
export const messageFileNames = vectorFileNames.filter((name) => !notOfOneType.includes(name));

export function readVectorText(fileName: string): string {
  return readFileSync(new URL(fileName, folder), 'utf8');
}

/** Payloads of one type, direction and kind, for tests that modify them. Headers without payload are left out. */
export function vectorFrames(type: string, direction: Direction, kind: 'valid' | 'invalid') {
  const vectors: MessageVectors = JSON.parse(readVectorText(`${type}.json`));
  return vectors[kind]
    .filter((vector) => vector.direction === direction && vector.frame.length > HEADER_HEX_DIGITS)
    .map(({ frame, message }) => ({
      id: vectors.id,
      payload: hexBytes(frame.slice(HEADER_HEX_DIGITS)),
      message,
    }));
}
