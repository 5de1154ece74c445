// The online members of a large group, in a separate process, so that their work does not count as a delay of others. Opens them on
// command, then reports what has arrived whenever asked.
import { quantile, Samples } from '../measure/statistics.ts';
import { Tally } from './drivers/driver.ts';
import { enrolPeople, inParallel } from './people.ts';
import { Session } from './session.ts';
import { nowUs, timedIds } from './timed-ids.ts';

const LOGINS_AT_ONCE = 25;

export type CrowdJob = { authUrl: string; wsUrls: string[]; members: number };
/** `p99Ms`: from sending to arrival. Since the last request. */
export type CrowdAnswer = { arrived: number; p99Ms: number; faults: number; firstFault: string | undefined };

const tally = new Tally();
let ages = new Samples();
let arrived = 0;

async function open({ authUrl, wsUrls, members }: CrowdJob): Promise<void> {
  const people = await enrolPeople(authUrl, 'member', members);
  await inParallel(people, LOGINS_AT_ONCE, (person, index) =>
    Session.open(wsUrls[index % wsUrls.length] ?? '', person, {
      ledger: timedIds,
      tally,
      onAck: () => undefined,
      onDelivery(sentAtUs) {
        arrived += 1;
        ages.add((nowUs() - sentAtUs) / 1_000);
      },
    }),
  );
}

function answer(): CrowdAnswer {
  const p99Ms = quantile(ages.values, 0.99);
  const faults = tally.errors + tally.disordered + tally.again;
  return { arrived, p99Ms, faults, firstFault: tally.firstError };
}

process.on('disconnect', () => process.exit(1));
process.on('message', (message: CrowdJob | 'begin' | 'tell') => {
  if (message === 'begin') {
    ages = new Samples();
    arrived = 0;
  } else if (message === 'tell') process.send?.(answer());
  else
    open(message).then(
      () => process.send?.('open'),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
});
