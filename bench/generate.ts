import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Job, Outcome, Results, WorkloadName } from './generator/job.ts';

/** A run that exceeds its window by this is stuck. */
const AROUND_WINDOW_SECONDS = 150;

/** Runs the load generator to completion. `certificateFile`: an additional trusted certificate. */
export async function generate(job: Job, certificateFile?: string): Promise<Results[WorkloadName]> {
  const trust = certificateFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificateFile };
  const child = fork(join(import.meta.dirname, 'generator/main.ts'), {
    ...{ execArgv: [], env: { ...process.env, ...trust } },
  });
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  child.once('message', (outcome: Outcome) => resolve(outcome)).once('error', reject);
  child.once('exit', (code, signal) => reject(new Error(`the load generator ended with ${signal ?? code}`)));
  const deadline = setTimeout(() => child.kill('SIGKILL'), (job.seconds + AROUND_WINDOW_SECONDS) * 1000);
  child.send(job);
  try {
    const outcome = await promise;
    if (!outcome.ok) throw new Error(`the load generator failed: ${outcome.error}`);
    return outcome.result;
  } finally {
    clearTimeout(deadline);
    child.kill('SIGKILL');
  }
}
