import type { HistoryEvent, Recorded } from '@securechat/testkit';
import type { Peaks } from './sampler.ts';

/** The guarantees of a run, in the order of the table. Violations start with the name of theirs. */
const PROMISES: readonly (readonly [name: string, promise: string])[] = [
  ['I1', 'what was acked is stored, and is on every device that it is for'],
  ['I2', 'nothing takes effect twice, and nothing comes again changed'],
  ['I3', 'everybody sees one order, each sender in its own'],
  ['I4', 'nothing reaches who does not belong to the conversation'],
  ['I5', 'bytes arrive as they were sent'],
  ['I6', 'nothing arrives that nobody sent, or that was refused'],
  ['I7', 'receipts tell only what was acknowledged, and never fall'],
  ['I8', 'every ack of a message names the same place'],
  ['I9', 'no place of a mailbox is passed over'],
  ['I11', 'memory, streams and connections stay within their bounds'],
  ['I12', 'after each healing p99 of the ack is below 2.5 s within 30 s, and no message is overdue'],
  ['I13', 'no minute has more messages of one user than the limit'],
  ['I16', 'who was removed gets nothing that is sent after'],
  ['answers', 'at least 95 % of all sends are acked, all that were repeated are, none is refused'],
  ['health', 'every process lives, every device came back by itself, nothing honest is a dead letter'],
];

export type Tallies = Record<'sent' | 'acked' | 'refused' | 'retried' | 'repeated' | 'delivered', number> & {
  /** Retried, and never acked. */
  retriedInVain: number;
};

export type Verdict = {
  readonly violations: readonly string[];
  readonly passed: number;
  readonly failed: number;
};

/** Nobody reads the thousandth. */
const SHOWN = 10;
const FEWEST_ACKED = 0.95;

export function tally(events: readonly HistoryEvent[]): Tallies {
  const names = {
    invoke: new Set<string>(),
    ok: new Set<string>(),
    fail: new Set<string>(),
    again: new Set<string>(),
  };
  const dups = new Set<string>();
  let delivered = 0;
  for (const event of events) {
    if (event.type === 'recv' && !event.again) delivered += 1;
    if (event.type !== 'send' || event.phase === 'info') continue;
    const name = `${event.device}/${event.id}`;
    names[event.phase].add(name);
    if (event.phase === 'ok' && event.dup) dups.add(name);
  }
  return {
    sent: names.invoke.size,
    acked: names.ok.size,
    refused: names.fail.size,
    retried: names.again.size,
    repeated: dups.size,
    delivered,
    retriedInVain: [...names.again].filter((name) => !names.ok.has(name)).length,
  };
}

export function answerViolations({ sent, acked, refused, retriedInVain }: Tallies): string[] {
  return [
    ...(acked < FEWEST_ACKED * sent ? [`answers: only ${acked} of ${sent} sends were acked`] : []),
    ...(refused > 0 ? [`answers: ${refused} honest sends were refused for good`] : []),
    ...(retriedInVain > 0 ? [`answers: ${retriedInVain} sends were repeated and never acked`] : []),
  ];
}

/** The server forgets what it counts against a connection after this time. */
const HELD_AGAINST_MS = 60_000;

/** Includes devices that went online again later. With what the server had refused them before, as that may be why. */
export function gaveUp(events: readonly Recorded[], excused: ReadonlySet<string>): string[] {
  return events.flatMap((event) => {
    if (event.type !== 'gave-up' || excused.has(event.device)) return [];
    const errors = events.filter(
      ({ at_ms, ...other }) =>
        other.type === 'error' &&
        other.device === event.device &&
        at_ms <= event.at_ms &&
        at_ms > event.at_ms - HELD_AGAINST_MS,
    );
    const kinds = Map.groupBy(errors, (error) =>
      error.type === 'error' ? `${error.error} (${error.says})` : '',
    );
    const list = [...kinds].map(([kind, { length }]) => `${length} x ${kind}`).join(', ');
    return [`health: ${event.device} gave up: ${event.why}; errors in its last minute: ${list || 'none'}`];
  });
}

export function judge(violations: readonly string[]): Verdict {
  const broken = new Set(violations.map((violation) => violation.slice(0, violation.indexOf(':'))));
  const unknown = [...broken].filter((name) => !PROMISES.some(([known]) => known === name));
  const failed = broken.size;
  return { violations, passed: PROMISES.length - (failed - unknown.length), failed };
}

/** The table for a person, including the rows of the matrix that were not run. */
export function tableOf(
  { violations }: Verdict,
  leftOut: readonly (readonly [row: string, why: string])[] = [],
): string[] {
  const byName = Map.groupBy(violations, (violation) => violation.slice(0, violation.indexOf(':')));
  const lines = PROMISES.map(([name, promise]) => {
    const count = byName.get(name)?.length ?? 0;
    return `  ${count === 0 ? 'ok    ' : 'BROKEN'}  ${name.padEnd(7)} ${promise}${count === 0 ? '' : ` (${count})`}`;
  });
  const shown = [...byName.values()].flatMap((list) => [
    ...list.slice(0, SHOWN),
    ...(list.length > SHOWN ? [`... and ${list.length - SHOWN} more of the kind`] : []),
  ]);
  const gaps = leftOut.map(([row, why]) => `  not run ${row.padEnd(7)} ${why}`);
  return [...lines, ...gaps, ...shown.map((line) => `          ${line}`)];
}

export function boundsLine({ rssMiB, streams, postgresConnections }: Peaks): string {
  const [largest] = Object.entries(rssMiB).sort(([, one], [, other]) => other - one);
  const rss = largest ? `${largest[1]} MiB (${largest[0]})` : 'not measured here';
  const lengths = Object.entries(streams).map(([kind, length]) => `${kind} ${length}`);
  return `peaks: memory of the largest process ${rss}, stream entries ${lengths.join(', ')}, Postgres connections ${postgresConnections}`;
}
