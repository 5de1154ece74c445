import type { HistoryEvent } from '../history.ts';

type Span = { from: number; through: number };

/**
 * I9: a mailbox is numbered without gaps. Every place up to the last one a device has seen was filled, or skipped by a page; with
 * `keepsEverything` there is no reason to skip any.
 */
export function* mailboxHoles(
  events: readonly HistoryEvent[],
  { keepsEverything = false }: { keepsEverything?: boolean },
): Iterable<string> {
  for (const [device, spans] of seenPlaces(events, keepsEverything)) {
    spans.sort((one, other) => one.from - other.from);
    let through = 0;
    for (const span of spans) {
      if (span.from > through + 1) {
        const places = span.from === through + 2 ? `${through + 1}` : `${through + 1} to ${span.from - 1}`;
        yield `${device} never saw places ${places} of its mailbox`;
      }
      through = Math.max(through, span.through);
    }
  }
}

function seenPlaces(events: readonly HistoryEvent[], keepsEverything: boolean): Map<string, Span[]> {
  const seen = new Map<string, Span[]>();
  for (const event of events) {
    const span = spanOf(event, keepsEverything);
    if (!span || !('device' in event)) continue;
    const spans = seen.get(event.device) ?? [];
    spans.push(span);
    seen.set(event.device, spans);
  }
  return seen;
}

function spanOf(event: HistoryEvent, keepsEverything: boolean): Span | undefined {
  if (event.type === 'recv' || event.type === 'place') return { from: event.seq, through: event.seq };
  return event.type === 'hole' && !keepsEverything ? event : undefined;
}
