// What is measured, and how a result becomes figures. The load generator does the work.
import type {
  ChatResult,
  Counts,
  GroupResult,
  IdleResult,
  Job,
  OfflineResult,
  Results,
  WorkloadName,
} from './generator/job.ts';
import { type ByProcess, total } from './measure/processes.ts';
import type { Window } from './measure/window.ts';

/** Figures of one run, in groups with a heading each. Names contain the unit. */
export type Figures = Record<string, Record<string, number>>;

export type Report = {
  figures: Figures;
  /** Must all be 0. */
  faults: Record<string, number>;
  firstError: string | undefined;
  /** The worst of the run's windows. */
  foreignCores: number;
  /** The window of a CPU profile, and its divisor. */
  profiled: { window: Window; count: number };
};

type Settings = Pick<Job, 'users' | 'messagesPerSecond' | 'connections' | 'seconds'>;

type Scenario<W extends WorkloadName> = {
  title(settings: Settings): string;
  report(result: Results[W]): Report;
};

export const scenarios: { [W in WorkloadName]: Scenario<W> } = {
  full: {
    title: ({ users, seconds }) =>
      `full speed: ${users} users in pairs, 512-character bodies, 16 in flight per user, ${seconds} s`,
    report: reportChat,
  },
  rate: {
    title: ({ users, messagesPerSecond, seconds }) =>
      `fixed rate: ${users} users in pairs, ${messagesPerSecond} messages/s, ${seconds} s`,
    report: reportChat,
  },
  idle: {
    title: ({ connections, seconds }) =>
      `idle: ${connections} logged-in connections over two gateways, ${seconds} s`,
    report: reportIdle,
  },
  offline: {
    title: ({ users }) => `offline: 20,000 messages to ${users} absent users, who then come back`,
    report: reportOffline,
  },
  group: {
    title: ({ seconds }) => `group: 100 members online, 10 of them speak, 4 in flight each, ${seconds} s`,
    report: reportGroup,
  },
};

function reportChat(result: ChatResult): Report {
  const { window, messages, ackMs, deliverMs, counts } = result;
  return {
    figures: {
      figure: {
        'messages/s': messages / window.seconds,
        'send to ack, p50 ms': ackMs.p50,
        'send to ack, p99 ms': ackMs.p99,
        'send to deliver, p50 ms': deliverMs.p50,
        'send to deliver, p99 ms': deliverMs.p99,
      },
      'CPU-ms per 1,000 messages': cpuPerThousand(window, messages),
      'count (whole run)': {
        ...counts,
        'received again': result.again,
        receipts: result.receipts,
        'made late': result.madeLate,
      },
    },
    faults: faultsOf(counts),
    firstError: result.firstError,
    foreignCores: window.foreignCores,
    profiled: { window, count: messages },
  };
}

function reportIdle({ connections, login, idle, memoryKib }: IdleResult): Report {
  return {
    figures: {
      figure: {
        'connections with login/s': connections / login.seconds,
        'KiB per connection': total(memoryKib) / connections,
        'idle CPU, % of a core': (total(idle.cpu) / idle.seconds) * 100,
      },
      'KiB per connection': mapValues(memoryKib, (kib) => kib / connections),
      'CPU-ms per 1,000 logins': cpuPerThousand(login, connections),
      'idle CPU, % of a core': mapValues(idle.cpu, (seconds) => (seconds / idle.seconds) * 100),
    },
    faults: {},
    firstError: undefined,
    foreignCores: Math.max(login.foreignCores, idle.foreignCores),
    profiled: { window: login, count: connections },
  };
}

function reportOffline({ messages, store, drain, counts, firstError }: OfflineResult): Report {
  return {
    figures: {
      figure: {
        'stored messages/s': messages / store.seconds,
        'drained messages/s, logins included': messages / drain.seconds,
      },
      'store: CPU-ms per 1,000 messages': cpuPerThousand(store, messages),
      'drain: CPU-ms per 1,000 messages': cpuPerThousand(drain, messages),
      'count (whole run)': counts,
    },
    faults: faultsOf(counts),
    firstError,
    foreignCores: Math.max(store.foreignCores, drain.foreignCores),
    profiled: { window: drain, count: messages },
  };
}

function reportGroup({ window, messages, deliveries, deliverMs, counts, firstError }: GroupResult): Report {
  return {
    figures: {
      figure: {
        'deliveries/s': deliveries / window.seconds,
        'messages/s': messages / window.seconds,
        'send to deliver, p50 ms': deliverMs.p50,
        'send to deliver, p99 ms': deliverMs.p99,
      },
      'CPU-ms per 1,000 deliveries': cpuPerThousand(window, deliveries),
      'count (whole run)': counts,
    },
    faults: faultsOf(counts),
    firstError,
    foreignCores: window.foreignCores,
    profiled: { window, count: deliveries },
  };
}

/** One CPU-ms per 1,000 is one µs each. */
function cpuPerThousand({ cpu, generatorCpu }: Window, count: number): Record<string, number> {
  const perThousand = mapValues(cpu, (seconds) => (seconds * 1e6) / count);
  return {
    'all of these': total(perThousand),
    ...perThousand,
    '(generator, apart)': (generatorCpu * 1e6) / count,
  };
}

function faultsOf({ lost, doubled, unanswered, disordered, errors }: Counts): Record<string, number> {
  return { lost, doubled, unanswered, disordered, errors };
}

function mapValues(values: ByProcess, change: (value: number) => number): ByProcess {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}
