import { type OrderedRecord, unpackEntry } from '@securechat/protocol/internal';
import type { Letter, ListedLetter } from './letters.ts';

export function tellLetters({ letters, total }: { letters: ListedLetter[]; total: number }): string {
  if (total === 0) return 'There are no dead letters.';
  const lines = letters.map(
    ({ id, stream, entry_id, reason, at, bytes }) =>
      `${id}  ${at.toISOString()}  ${stream}  ${entry_id}  ${bytes} bytes  ${reason}`,
  );
  const more = total > letters.length ? [`… and ${total - letters.length} older ones`] : [];
  return [...lines, ...more].join('\n');
}

/** Names no person and shows no content: ids, conversation and sizes are enough to investigate. */
export function tellLetter({ id, stream, entry_id, reason, at, payload }: Letter): string {
  return [
    `${id}: entry ${entry_id} of ${stream}, parked ${at.toISOString()}`,
    `reason: ${reason}`,
    ...tellRecords(payload),
  ].join('\n');
}

function tellRecords(payload: Buffer): string[] {
  try {
    return unpackEntry<OrderedRecord>(payload).map(({ head, body }) => {
      const parts = [
        `record: ${head.type}`,
        'id' in head && `message ${head.id}`,
        'conversation' in head && `conversation ${head.conversation}`,
        `user number ${head.user}, device number ${head.device}`,
        `${body.length} bytes of content`,
      ];
      return parts.filter(Boolean).join(', ');
    });
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
    return [`${payload.length} bytes that are no records of this release: ${error.message}`];
  }
}
