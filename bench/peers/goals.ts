// Our goals relative to the peers measured in the same round. docs/performance.md has the whole list.
import type { WorkloadName } from '../generator/job.ts';
import { median } from '../measure/statistics.ts';
import { formatNumber, formatTable } from '../measure/table.ts';
import { figureOf, type Row, spread } from './comparison.ts';
import type { SystemName } from './systems.ts';

/** The figures of one round; NaN where not measured. */
type Round = {
  of(system: SystemName, workload: WorkloadName, column: string): number;
  /** CPU time of one signature check, measured alone. */
  verifyUs: number;
};

type Goal = {
  what: string;
  value(round: Round): number;
  /** A change that falls below it is not accepted. */
  floor: number;
  goal: number;
  /** Default: at most. */
  isAtLeast?: true;
};

const CPU = 'CPU µs';
const ours = (round: Round, workload: WorkloadName, column: string): number =>
  round.of('securechat', workload, column);
/** Without the signature check, which has its own line. */
const path = (round: Round, workload: WorkloadName): number => ours(round, workload, CPU) - round.verifyUs;

const goals: Record<string, Goal> = {
  '1': {
    what: 'CPU µs per message at full speed, signature check apart',
    value: (round) => path(round, 'full'),
    ...{ floor: 120, goal: 60 },
  },
  '1, all': {
    what: 'the same with the signature check',
    value: (round) => ours(round, 'full', CPU),
    ...{ floor: 180, goal: 120 },
  },
  '3': {
    what: 'CPU at full speed / socketio-postgres',
    value: (round) => ours(round, 'full', CPU) / round.of('socketio-postgres', 'full', CPU),
    ...{ floor: 1 / 3, goal: 1 / 4 },
  },
  '4': {
    what: 'CPU at full speed, signature check apart / socketio, which keeps nothing',
    value: (round) => path(round, 'full') / round.of('socketio', 'full', CPU),
    ...{ floor: 2, goal: 1 },
  },
  '5': {
    what: 'messages/s at full speed (the headline is a window of 60 s)',
    value: (round) => ours(round, 'full', 'messages/s'),
    ...{ floor: 7_000, goal: 10_000, isAtLeast: true },
  },
  '6': {
    what: 'CPU at 1,000/s, signature check apart / socketio-postgres',
    value: (round) => path(round, 'rate') / round.of('socketio-postgres', 'rate', CPU),
    ...{ floor: 1, goal: 0.6 },
  },
  '7, p50': {
    what: 'send to deliver at 1,000/s, p50 / relay',
    value: (round) => ours(round, 'rate', 'deliver p50 ms') / round.of('relay', 'rate', 'deliver p50 ms'),
    ...{ floor: 25, goal: 10 },
  },
  '7, p99': {
    what: 'send to deliver at 1,000/s, p99 / socketio-postgres',
    value: (round) =>
      ours(round, 'rate', 'deliver p99 ms') / round.of('socketio-postgres', 'rate', 'deliver p99 ms'),
    ...{ floor: 1.2, goal: 0.7 },
  },
  '8': {
    what: 'KiB per idle connection / relay-fastify',
    value: (round) =>
      ours(round, 'idle', 'KiB per connection') / round.of('relay-fastify', 'idle', 'KiB per connection'),
    ...{ floor: 2, goal: 1.25 },
  },
  '9': {
    what: 'logins/s / relay',
    value: (round) => ours(round, 'idle', 'logins/s') / round.of('relay', 'idle', 'logins/s'),
    ...{ floor: 0.3, goal: 0.6, isAtLeast: true },
  },
  '11': {
    what: 'CPU per group delivery / relay',
    value: (round) =>
      ours(round, 'group', 'CPU µs per delivery') / round.of('relay', 'group', 'CPU µs per delivery'),
    ...{ floor: 3, goal: 1.3 },
  },
};

/** Goals are ratios within one round, so a machine that slows down meanwhile does not matter. */
export function formatGoals(rows: readonly Row[], verifyUs: ReadonlyMap<number, number>): string | undefined {
  const rounds = [...Map.groupBy(rows, (row) => row.round)].map(
    ([number, inRound]): Round => ({
      verifyUs: verifyUs.get(number) ?? Number.NaN,
      of(system, workload, column) {
        const row = inRound.find((one) => one.system === system && one.workload === workload);
        return row ? figureOf(row, column) : Number.NaN;
      },
    }),
  );
  const lines = Object.entries(goals).flatMap(([name, goal]) => {
    const values = rounds.map((round) => goal.value(round)).filter(Number.isFinite);
    if (values.length === 0) return [];
    return [
      [
        `${name} ${goal.what}`,
        spread(values),
        limit(goal, goal.floor),
        limit(goal, goal.goal),
        judge(goal, median(values)),
      ],
    ];
  });
  return lines.length === 0 ? undefined : formatTable([['goal', 'here', 'floor', 'goal', ''], ...lines]);
}

const limit = ({ isAtLeast }: Goal, value: number): string =>
  `${isAtLeast ? '≥' : '≤'} ${formatNumber(value)}`;

function judge({ isAtLeast, floor, goal }: Goal, value: number): string {
  const keeps = (limit: number): boolean => (isAtLeast ? value >= limit : value <= limit);
  if (keeps(goal)) return 'reached';
  return keeps(floor) ? 'above the floor' : 'NOT EVEN THE FLOOR';
}
