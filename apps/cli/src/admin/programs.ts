import type { Described } from '../command.ts';
import type { Program } from './places/place.ts';

/** A word behind `securechat admin` that stands for programs of services, which have what they need where they run. */
export type ProgramCommand = Pick<Described, 'usage' | 'summary'> & {
  /** In this order, with the words behind the command. */
  steps(args: readonly string[]): readonly Program[];
};

const MIGRATED = ['auth', 'delivery', 'presence', 'files', 'push'];

export const programs: Readonly<Record<string, ProgramCommand>> = {
  doctor: {
    usage: '[--url URL]',
    summary:
      'what it all stands on: Postgres, Redis, TURN, keys of the service and of push, schemas; with --url the door',
    steps: (args) => [
      { service: 'auth', file: 'doctor.ts', args },
      { service: 'push', file: 'doctor.ts', args: [] },
    ],
  },
  migrations: {
    usage: '',
    summary: 'which migrations of which service are missing',
    steps: (args) => MIGRATED.map((service) => ({ service, file: 'migrate.ts', args: ['--check', ...args] })),
  },
  where: {
    usage: 'MESSAGE',
    summary: 'what became of a message, without its content',
    steps: (args) => [{ service: 'delivery', file: 'where.ts', args }],
  },
  queues: {
    usage: '',
    summary: 'what waits to be handled, and for how long',
    steps: (args) => [{ service: 'delivery', file: 'queues.ts', args }],
  },
  'dead-letters': {
    usage: 'list | show ID | replay ID | drop ID',
    summary: 'records that could not succeed; with the rights of the owner of the tables',
    steps: (args) => [{ service: 'delivery', file: 'dead-letters.ts', args, isOwners: true }],
  },
  'api-key': {
    usage: 'create NAME SCOPE … [--days N] | list | revoke ID',
    summary: 'keys for the admin API; one is shown once',
    steps: (args) => [{ service: 'auth', file: 'api-key.ts', args }],
  },
};
