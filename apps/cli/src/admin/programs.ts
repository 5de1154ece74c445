import type { Described } from '../command.ts';
import type { Program } from './places/place.ts';

/** A command after `securechat admin` that runs programs of the services, which have what they need where they run. */
export type ProgramCommand = Pick<Described, 'usage' | 'summary'> & {
  /** The programs in order, given the words after the command. */
  steps(args: readonly string[]): readonly Program[];
};

const MIGRATED = ['auth', 'delivery', 'presence', 'files', 'push'];

export const programs: Readonly<Record<string, ProgramCommand>> = {
  doctor: {
    usage: '[--url URL]',
    summary:
      'check Postgres, Redis, TURN, service and push keys, and schemas; with --url also the public address',
    steps: (args) => [
      { service: 'auth', file: 'doctor.ts', args },
      { service: 'push', file: 'doctor.ts', args: [] },
    ],
  },
  migrations: {
    usage: '',
    summary: 'list missing migrations of each service',
    steps: (args) => MIGRATED.map((service) => ({ service, file: 'migrate.ts', args: ['--check', ...args] })),
  },
  where: {
    usage: 'MESSAGE',
    summary: 'show what became of a message, without its content',
    steps: (args) => [{ service: 'delivery', file: 'where.ts', args }],
  },
  queues: {
    usage: '',
    summary: 'show what is queued, and for how long',
    steps: (args) => [{ service: 'delivery', file: 'queues.ts', args }],
  },
  'dead-letters': {
    usage: 'list | show ID | replay ID | drop ID',
    summary: 'manage records that can never succeed; runs as the owner of the tables',
    steps: (args) => [{ service: 'delivery', file: 'dead-letters.ts', args, isOwners: true }],
  },
  'api-key': {
    usage: 'create NAME SCOPE … [--days N] | list | revoke ID',
    summary: 'manage keys for the admin API; a new key is shown only once',
    steps: (args) => [{ service: 'auth', file: 'api-key.ts', args }],
  },
};
