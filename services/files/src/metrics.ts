import type { Metrics } from '@securechat/kernel';

export type FilesMetrics = ReturnType<typeof filesMetrics>;

const KINDS = [
  'offer',
  'accept',
  'decline',
  'cancel',
  'progress',
  'status',
  'chunk',
  'chunk_request',
] as const;
const PATHS = ['socket', 'http'] as const;
export type RequestKind = (typeof KINDS)[number];
export type TransferPath = (typeof PATHS)[number];

/** In addition to the kernel's metrics of streams, jobs and connections. No label holds an id. */
export function filesMetrics(metrics: Metrics) {
  const answers = metrics.counter('answers_total', 'Requests about files, by kind and outcome', {
    kind: KINDS,
    outcome: ['ok', 'refused', 'failed'],
  });
  const chunks = metrics.counter('chunks_total', 'Chunks stored and read, by the path they took', {
    direction: ['stored', 'repeated', 'read'],
    path: PATHS,
  });
  const bytes = metrics.counter('bytes_total', 'Bytes of chunks stored and read, by the path they took', {
    direction: ['stored', 'repeated', 'read'],
    path: PATHS,
  });
  const verified = metrics.counter('files_verified_total', 'Files whose hash was compared, by outcome', {
    outcome: ['genuine', 'corrupt'],
  });
  const removed = metrics.counter('files_expired_total', 'Files removed because their time was over');
  const mended = metrics.counter(
    'ledger_mended_total',
    'Users whose ledger did not match their stored bytes and was corrected; each is a fault',
  );
  const limited = metrics.counter(
    'limits_hit_total',
    'Transfers put off because a limit was reached, by limit',
    {
      limit: ['file_bytes_per_minute'],
    },
  );
  return {
    limited: () => limited.inc(1, { limit: 'file_bytes_per_minute' }),
    answered: (kind: RequestKind, outcome: 'ok' | 'refused' | 'failed') => answers.inc(1, { kind, outcome }),
    carried(direction: 'stored' | 'repeated' | 'read', path: TransferPath, size: number): void {
      chunks.inc(1, { direction, path });
      bytes.inc(size, { direction, path });
    },
    verified: (isGenuine: boolean) => verified.inc(1, { outcome: isGenuine ? 'genuine' : 'corrupt' }),
    expired: () => removed.inc(),
    mended: (users: number) => mended.inc(users),
  };
}
