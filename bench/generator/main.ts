// The load generator: a separate process, so that its CPU time is never mixed with the system's. Takes one job from its parent, answers
// with one result, and ends; also ends when the parent is gone.
import { runChat } from './chat-workload.ts';
import { runGroup } from './group-workload.ts';
import { runIdle } from './idle-workload.ts';
import type { Job, Outcome, Results } from './job.ts';
import { runOffline } from './offline-workload.ts';

const workloads: { [W in keyof Results]: (job: Job) => Promise<Results[W]> } = {
  full: (job) => runChat(job, 'full'),
  rate: (job) => runChat(job, 'rate'),
  idle: runIdle,
  offline: runOffline,
  group: runGroup,
};

async function run(job: Job): Promise<Outcome> {
  try {
    return { ok: true, result: await workloads[job.workload](job) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.on('disconnect', () => process.exit(1));
process.once('message', (job: Job) => {
  void run(job).then((outcome) => process.send?.(outcome, () => process.exit(0)));
});
