import { runCommand } from './command.ts';
import { messageOf } from './errors.ts';

/** Something that was checked. A remedy means that it is not as it should be. */
export type Finding = { about: string; says: string; remedy?: string };

/** A program that reports its findings; exit code 1 when something is wrong. */
export async function runDoctor(usage: string, examine: () => Promise<readonly Finding[]>): Promise<void> {
  await runCommand(usage, async () => {
    const findings = await examine();
    if (findings.some(({ remedy }) => remedy !== undefined)) process.exitCode = 1;
    return tellFindings(findings).join('\n');
  });
}

function tellFindings(findings: readonly Finding[]): string[] {
  const lines = findings.flatMap(({ about, says, remedy }) =>
    remedy === undefined ? [`ok      ${about}: ${says}`] : [`WRONG   ${about}: ${says}`, `        ${remedy}`],
  );
  const wrong = findings.filter(({ remedy }) => remedy !== undefined).length;
  return [...lines, wrong === 0 ? 'nothing is wrong here' : `${wrong} of ${findings.length} are wrong`];
}

/** A check that fails becomes a finding of its own, so that the others still run. */
export async function lookAt(
  about: string,
  remedy: string,
  look: () => Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [{ about, says: messageOf(error), remedy }];
  }
}

/** Compares two clocks: message timestamps are checked against them, and refused beyond five minutes. */
export function judgeClock(about: string, differenceMs: number): Finding {
  const seconds = Math.round(differenceMs / 100) / 10;
  const says = `its clock differs from ours by ${seconds} s`;
  return Math.abs(differenceMs) <= CLOCK_TOLERANCE_MS
    ? { about, says }
    : { about, says, remedy: 'Let NTP set the clocks of all machines; timestamps are checked against them.' };
}

const CLOCK_TOLERANCE_MS = 5_000;
