import type { Message } from '@securechat/client';
import type { Unseen, Verdict } from './judge.ts';
import type { Shown } from './shown.ts';

/** Why the server or the device may refuse what somebody wrote: who was blocked or taken out meanwhile. */
const FORBIDDEN = new Set(['PERMISSION_DENIED', 'CannotDo', 'NOT_FOUND']);

/** Notes what is doubled, unreadable or not sent; returns what was not shown although others have it. */
export function judgeLines(id: string, all: readonly Shown[], verdict: Verdict): Unseen[] {
  const unseen: Unseen[] = [];
  const everything = new Map<string, number>();
  for (const { place, id: messageId } of all.flatMap(({ lines }) => lines).filter(isSaid))
    if (place !== undefined) everything.set(messageId, place);
  verdict.lines += everything.size;
  for (const { device, me, kept, lines } of all) {
    const seen = new Map<string, number>();
    for (const { id: messageId, body, status, failure } of lines) {
      seen.set(messageId, (seen.get(messageId) ?? 0) + 1);
      const where = `${device} in ${id}: ${messageId}`;
      if (body.type === 'missing') verdict.unreadable.push(`${where} ${body.reason}`);
      if (status === 'queued' || status === 'sent') verdict.lost.push(`${where} is ${status} for ever`);
      if (failure !== undefined && !FORBIDDEN.has(failure))
        verdict.lost.push(`${where} has failed: ${failure}`);
    }
    for (const [messageId, times] of seen)
      if (times > 1) verdict.doubled.push(`${device} in ${id}: ${messageId}`);
    for (const [messageId, place] of everything) {
      if (place > kept.joinedPlace && !seen.has(messageId))
        unseen.push({ ...me, conversation: id, place, line: `${device} in ${id}: ${messageId} at ${place}` });
    }
  }
  return unseen;
}

/** What has disappeared on one device may still be on its way out on another. */
const isSaid = ({ body, expiresAtMs = Number.POSITIVE_INFINITY }: Message): boolean =>
  ['text', 'file', 'deleted', 'unknown'].includes(body.type) && expiresAtMs > Date.now() + 60_000;
