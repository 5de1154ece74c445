import type { Stored, Traces } from './look-up.ts';

/** What became of a message, in lines for the operator. */
export function tell({ stored, underWay, deadLetters }: Traces, now: Date): string[] {
  const parked = deadLetters ?? [];
  const lines = [
    ...stored.map((message) => tellStored(message, now)),
    ...underWay.map((stream) => `under way: in ${stream}, not taken up by delivery yet; not acknowledged`),
    ...parked.map(
      ({ stream, entryId, reason, at }) =>
        `dead letter: entry ${entryId} of ${stream} at ${at.toISOString()}: ${reason}. Its sender was told 1000`,
    ),
  ];
  if (lines.length === 0) {
    lines.push('not here: never arrived, was refused, or is forgotten (ids are kept for four days)');
  }
  if (deadLetters === undefined)
    lines.push('dead letters were not looked at: only the owner of the tables may read them');
  return lines;
}

function tellStored(message: Stored, now: Date): string {
  const { conversation, convSeq, storedAt, expiresAt, waiting, isFanningOut, hasBody } = message;
  const hasExpired = expiresAt !== undefined && expiresAt <= now;
  const parts = [
    `stored: ${storedAt.toISOString()}, conversation ${conversation}, conv_seq ${convSeq}`,
    expiresAt && `${hasExpired ? 'expired' : 'expires'} ${expiresAt.toISOString()}`,
    isFanningOut && 'being given out to a large group',
    waiting > 0 ? `${waiting} devices have not acknowledged it` : 'no device waits for it',
    hasBody ? 'content is there' : 'content is gone',
  ];
  return parts.filter(Boolean).join('; ');
}
