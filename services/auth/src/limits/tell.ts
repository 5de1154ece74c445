import type { NamedLimit, Told, UsedLimit } from '../admin/limits.ts';
import type { StoredRow } from '../store/quota-store.ts';

/** One line per limit: usage and limit, for whom, in which window, and which option sets it. */
export function tellLimits({ limits, silent }: Told<NamedLimit | UsedLimit>): string {
  const lines = limits.map((limit) => [
    limit.name,
    'used' in limit
      ? `${amount(limit.used ?? 0, limit)} of ${amount(limit.most, limit)}`
      : amount(limit.most, limit),
    `per ${'device_id' in limit ? `device ${limit.device_id}` : limit.per}`,
    limit.windowMs === 0 ? '' : `in ${limit.windowMs / 1000} s`,
    'is_own' in limit ? 'quota of this user' : `${limit.service}: ${limit.option}`,
  ]);
  const missing = silent.map((service) => `No process of ${service} runs: its limits are not known.`);
  return [...inColumns(lines), ...missing].join('\n');
}

export function tellStored(users: readonly (StoredRow & { user_id: string })[]): string {
  if (users.length === 0) return 'Nobody keeps files.';
  const lines = users.map(({ user_id, used, reserved, files, quota }) => [
    user_id,
    `${used} B`,
    `${reserved} B on their way`,
    `${files} files`,
    quota === null ? '' : `quota ${quota} B`,
  ]);
  return inColumns(lines).join('\n');
}

const amount = (value: number, { unit }: NamedLimit): string =>
  unit === 'bytes' ? `${value} B` : String(value);

function inColumns(lines: readonly string[][]): string[] {
  const widths = lines.reduce<number[]>(
    (most, line) => line.map((cell, index) => Math.max(cell.length, most[index] ?? 0)),
    [],
  );
  return lines.map((line) =>
    line
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
