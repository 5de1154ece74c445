// Maps functions to parts of a message's path. One service's work in one part is one hop of the message.
import { sum } from './measure/processes.ts';
import { formatNumber, formatTable } from './measure/table.ts';

/** The first match counts. Names are `function  path:line`; V8's own work has no path. */
const PARTS: readonly (readonly [part: string, name: RegExp])[] = [
  ['signature check', /^exports\.crypto_sign|packages\/crypto\//],
  ['garbage collector', /^\(garbage collector\)/],
  ['metrics', /prom-client\/|\/metrics\.ts/],
  ['packed entries', /packages\/protocol\/src\/internal\//],
  ['frame: parse, check, transcript', /packages\/protocol\/|^RegExp:|node:internal\/crypto\/hash/],
  ['Redis client and streams', /ioredis\/|redis-parser|packages\/(kernel|directory)\/|\/streams\//],
  ['Postgres client and rows', /\/?pg(-[a-z-]+)?\/|postgres-[a-z]+\/|services\/delivery\/src\/store\//],
  ['WebSocket', /ws\/lib\//],
  [
    'sockets',
    /^(writev|write[A-Z]\w*|readStart|shutdown)$|node:(net|internal\/stream)|node:internal\/streams/,
  ],
  ['own rules', /services\//],
];
const REST = 'rest of Node and V8';

/** CPU time in µs per message by service and part; `micros` has it by function. */
export function formatParts(byService: ReadonlyMap<string, ReadonlyMap<string, number>>): string {
  const services = [...byService].filter(([, micros]) => sum([...micros.values()]) >= 0.5);
  const columns = services.map(([, micros]) => {
    const parts = new Map<string, number>();
    for (const [name, us] of micros) parts.set(partOf(name), (parts.get(partOf(name)) ?? 0) + us);
    return parts;
  });
  const rows = [...PARTS.map(([part]) => part), REST].map((part) => [
    part,
    ...columns.map((parts) => formatNumber(parts.get(part) ?? 0)),
  ]);
  return formatTable([['CPU µs by part', ...services.map(([service]) => service)], ...rows]);
}

function partOf(name: string): string {
  return PARTS.find(([, pattern]) => pattern.test(name))?.[0] ?? REST;
}
