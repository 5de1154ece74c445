import { enrol, makeChat, makeGroup, makeGroupCreate, type Person, RawClient } from '@securechat/testkit';
import { makePerson } from './people.ts';
import type { LoadData, Part, Unit } from './plan.ts';

export type Target = { authUrl: string; wsUrls: readonly string[]; tcpPorts: readonly number[] };

/** Requests at once: what is prepared is not what is measured. */
const AT_ONCE = 16;

/** Enrols everybody, founds the conversations and signs what will be said: k6 has no fast Ed25519. */
export async function prepare(
  target: Target,
  parts: readonly Part[],
  seconds: number,
  tell: (line: string) => void,
): Promise<{ data: LoadData; people: ReadonlyMap<string, Person> }> {
  const people = new Map<string, Person>();
  // names of their own: a server that keeps running may be loaded again
  const run = Date.now().toString(36);
  const prepared: Unit[][] = [];
  for (const [number, part] of parts.entries()) {
    const total = part.units * part.members;
    tell(`preparing ${part.units} × ${part.kind}: ${total} people`);
    const units: Unit[] = Array(part.units);
    await inParallel(part.units, AT_ONCE, async (index) => {
      const url = target.wsUrls[index % target.wsUrls.length] ?? '';
      const made = Array.from({ length: part.members }, (_, n) =>
        makePerson(`load_${run}_${number}_${index}_${n}`),
      );
      for (const { person } of made) people.set(person.id, person);
      units[index] = await prepareUnit(target.authUrl, url, part, made, seconds);
    });
    prepared.push(units);
  }
  return { data: { seconds, parts: prepared }, people };
}

async function prepareUnit(
  authUrl: string,
  url: string,
  part: Part,
  made: readonly ReturnType<typeof makePerson>[],
  seconds: number,
): Promise<Unit> {
  const people = made.map(({ person }) => person);
  for (const person of people) await enrol(authUrl, person);
  const count = Math.ceil((part.messagesPerSecond * seconds) / part.units);
  const sends = count === 0 ? [] : signAll(people, await found(url, people), part, count);
  return { kind: part.kind, url, devices: made.map(({ identity }) => identity), sends };
}

/** The conversation of these people. */
async function found(url: string, people: readonly Person[]): Promise<string> {
  const [creator, ...others] = people as [Person, ...Person[]];
  const client = await RawClient.connect({ url });
  const device = creator.device(0);
  await client.login({ person: creator, device });
  const operation =
    others.length === 1
      ? makeGroupCreate({ creator, device, peer: others[0] as Person })
      : makeGroup({ creator, device, others });
  client.send('group_create', operation);
  await client.next('ack', ({ ref }) => ref === operation.id);
  client.close();
  return operation.conversation_id;
}

/** Whoever is away says nothing; of the others one after the other. */
function signAll(
  people: readonly Person[],
  conversationId: string,
  { kind, members }: Part,
  count: number,
): Unit['sends'] {
  const speakers = kind === 'offline' ? 1 : members;
  return Array.from({ length: count }, (_, index) => {
    const by = index % speakers;
    const from = people[by] as Person;
    const to = members === 2 ? (people[1 - by] as Person).id : conversationId;
    const clientSeq = Math.floor(index / speakers) + 1;
    const chat = makeChat({
      from,
      device: from.device(0),
      to,
      conversationId,
      clientSeq,
      payload: Buffer.alloc(256, index),
    });
    return { by, id: chat.id, json: JSON.stringify(chat) };
  });
}

async function inParallel(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane));
}
