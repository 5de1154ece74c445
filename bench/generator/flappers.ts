// People whose status changes all the time, each watched by the others of its circle; in a separate process, so that its work does not
// count as a delay of messages. Opens them on command, then lets them flap or rest.
import { encodeUpstream } from '@securechat/protocol';
import { personNamed } from '@securechat/testkit';
import { Tally } from './drivers/driver.ts';
import { enrolPeople, inParallel } from './people.ts';
import { Session } from './session.ts';
import { timedIds } from './timed-ids.ts';

const LOGINS_AT_ONCE = 25;
/** Changes are spread evenly over the interval, in this many turns a second. */
const TURNS_PER_SECOND = 50;

/** `circle`: how many watch each other. `everyMs`: between two changes of one person. */
export type FlappersJob = {
  authUrl: string;
  wsUrls: string[];
  users: number;
  circle: number;
  everyMs: number;
};
/** Since the last request: changes sent, and frames about others received. */
export type FlappersAnswer = { said: number; told: number; faults: number; firstFault: string | undefined };

const flapperName = (index: number): string => `flapper_${index}`;

const tally = new Tally();
let sessions: Session[] = [];
let everyMs = 0;
let said = 0;
let timer: NodeJS.Timeout | undefined;

async function enrol({ authUrl, users }: FlappersJob): Promise<void> {
  await enrolPeople(authUrl, 'flapper', users);
}

async function open(job: FlappersJob): Promise<void> {
  const { wsUrls, users, circle } = job;
  everyMs = job.everyMs;
  const people = Array.from({ length: users }, (_, index) => index);
  sessions = await inParallel(people, LOGINS_AT_ONCE, async (index) => {
    const session = await Session.open(
      wsUrls[index % wsUrls.length] ?? '',
      personNamed(flapperName(index), { devices: 1 }),
      {
        ...{ ledger: timedIds, tally },
        ...{ onAck: () => undefined, onDelivery: () => undefined },
      },
    );
    const first = index - (index % circle);
    const others = Array.from({ length: circle }, (_, n) => flapperName(first + n));
    const user_ids = others.filter((name) => name !== flapperName(index));
    session.send(encodeUpstream('presence_subscribe', { type: 'presence_subscribe', id: 'watch', user_ids }));
    return session;
  });
}

function flap(): void {
  let next = 0;
  const startedAtMs = performance.now();
  timer = setInterval(() => {
    const due = ((performance.now() - startedAtMs) * sessions.length) / everyMs;
    for (; next < due; next += 1) {
      const round = Math.floor(next / sessions.length);
      // everybody is online: the first round must be a change as well
      const status = round % 2 === 0 ? 'away' : 'online';
      sessions[next % sessions.length]?.send(encodeUpstream('presence', { type: 'presence', status }));
      said += 1;
    }
  }, 1000 / TURNS_PER_SECOND);
}

function answer(): FlappersAnswer {
  const result = { said, told: tally.presences, faults: tally.errors, firstFault: tally.firstError };
  said = 0;
  tally.presences = 0;
  return result;
}

type Order = { do: 'enrol' | 'open'; job: FlappersJob } | 'flap' | 'rest' | 'tell';

process.on('disconnect', () => process.exit(1));
process.on('message', (order: Order) => {
  if (order === 'flap') flap();
  else if (order === 'rest') clearInterval(timer);
  else if (order === 'tell') process.send?.(answer());
  else {
    const work = order.do === 'enrol' ? enrol(order.job) : open(order.job);
    work.then(
      () => process.send?.('done'),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  }
});
