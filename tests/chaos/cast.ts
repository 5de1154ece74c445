import {
  ChatClient,
  type ChatClientOptions,
  type Conversation,
  type Device,
  enrol,
  type History,
  type Person,
  personNamed,
  type RawTarget,
  until,
  within,
} from '@securechat/testkit';
import type { Random } from './random.ts';

/** A conversation of the run: two people, or a group. */
export type Talk = {
  readonly id: string;
  readonly members: readonly [Person, ...Person[]];
  /** Its share of all sends; a message costs as many deliveries as the talk has devices. */
  readonly share: number;
};

export type Cast = {
  readonly people: readonly Person[];
  /** One per honest device, for the whole run. */
  readonly clients: readonly ChatClient[];
  readonly talks: readonly Talk[];
  /** Misbehaving devices of people in the talks (F11): offline until needed. What they have read survives. */
  readonly guests: readonly ChatClient[];
  /** Repeatedly removed from a group and added again; only reads. */
  readonly moved: { readonly person: Person; readonly talk: Talk };
  clientsOf(person: Person): readonly ChatClient[];
  close(): Promise<void>;
};

type CastPlan = {
  random: Random;
  authUrl: string;
  serviceKey: Uint8Array;
  /** The addresses of each gateway. */
  doors: readonly (readonly RawTarget[])[];
  history: History;
  /** The peculiarities of each device that only misbehaves; they belong to the first people. */
  guests: readonly Partial<ChatClientOptions>[];
  /** Groups, by the minimum number of devices in each. */
  groups: readonly number[];
};

const NAMES = ['ann', 'ben', 'cem', 'dia', 'eli', 'fay', 'gus', 'hana', 'ivo', 'jun'];
const MOST_DEVICES = 3;
/** Devices of people who fill up large groups; a user has at most five connections. */
const CROWD_DEVICES = 5;
/** Group deliveries per send: about as many as a direct conversation has. */
const GROUP_LOAD = 0.75;
/** Factor for the reconnect ladder: 1 s becomes 50 ms. */
const WAIT_SCALE = 0.05;
/** A cut cable is noticed after two and a half of these. */
const HEARTBEAT_MS = 2_000;
const ACK_TIMEOUT_MS = 3_000;
const OPEN_DEADLINE_MS = 60_000;

/** Ten people with up to three devices each, all online, each in two direct conversations; and groups. */
export async function openCast(plan: CastPlan): Promise<Cast> {
  const opened: ChatClient[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((client) => client.close()));
  };
  try {
    return { ...(await assemble(plan, opened)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(plan: CastPlan, opened: ChatClient[]): Promise<Omit<Cast, 'close'>> {
  const company = invite(plan);
  const { principals, crowd, moved } = company;
  const people = principals.map(({ person }) => person);
  await Promise.all([...people, ...crowd, moved].map((person) => enrol(plan.authUrl, person)));

  const create = (person: Person, device: Device, options: Partial<ChatClientOptions> = {}): ChatClient => {
    const client = createClient(plan, { person, device, ...options });
    opened.push(client);
    return client;
  };
  const companions = [...crowd, moved].map((person) => ({ person, devices: person.devices }));
  const byPerson = new Map(
    [...principals, ...companions].map(({ person, devices }) => [
      person,
      devices.map((device) => create(person, device)),
    ]),
  );
  const clients = [...byPerson.values()].flat();
  for (const client of clients) client.goOnline();
  await Promise.all(clients.map((client) => client.live(OPEN_DEADLINE_MS)));

  const clientsOf = (person: Person): readonly ChatClient[] => byPerson.get(person) ?? [];
  const talks = await found(plan, company, clientsOf);
  const movedTalk = talks[people.length];
  if (!movedTalk) throw new RangeError('there has to be a group');
  return {
    ...{ people, clients, talks, clientsOf },
    moved: { person: moved, talk: movedTalk },
    guests: principals.flatMap(({ person, guest }, index) =>
      guest ? [create(person, guest, plan.guests[index])] : [],
    ),
  };
}

type Principal = { person: Person; devices: readonly Device[]; guest: Device | undefined };
type Company = { principals: readonly Principal[]; crowd: readonly Person[]; moved: Person };

/** Chooses the people and their devices. */
function invite({ random, guests, groups }: CastPlan): Company {
  const principals = NAMES.map((name, index) => {
    const honest = random.between(1, MOST_DEVICES);
    const person = personNamed(name, { devices: honest + (index < guests.length ? 1 : 0) });
    return { person, devices: person.devices.slice(0, honest), guest: person.devices[honest] };
  });
  const crowd = crowdFor(Math.max(0, ...groups), principals);
  return { principals, crowd, moved: personNamed('kim', { devices: 2 }) };
}

function createClient(
  { random, doors, serviceKey, history }: CastPlan,
  who: Pick<ChatClientOptions, 'person' | 'device'> & Partial<ChatClientOptions>,
): ChatClient {
  const order = random.shuffled(doors).map((targets) => random.pick(targets));
  return new ChatClient({
    ...{ serviceKey, gateways: order, history },
    ...{ waitScale: WAIT_SCALE, heartbeatMs: HEARTBEAT_MS, ackTimeoutMs: ACK_TIMEOUT_MS },
    ...who,
  });
}

/** Direct conversations in a ring, then the groups; known to all their devices. */
async function found(
  { random, groups }: CastPlan,
  { principals, crowd, moved }: Company,
  clientsOf: Cast['clientsOf'],
): Promise<Talk[]> {
  const people = principals.map(({ person }) => person);
  const firstOf = (person: Person): ChatClient => {
    const [client] = clientsOf(person);
    if (!client) throw new Error(`${person.id} has no device`);
    return client;
  };
  const gathered = groups.map((devices) => gather(devices, random.shuffled(people), crowd));
  const groupShares = gathered.map(
    (members) => GROUP_LOAD / members.flatMap(({ devices }) => devices).length,
  );
  const directShare = (1 - groupShares.reduce((sum, share) => sum + share, 0)) / people.length;
  const founding = Promise.all([
    ...people.map(async (person, index): Promise<Talk> => {
      const other = people[(index + 1) % people.length] as Person;
      const { id } = await firstOf(person).groups.createDirect(other);
      return { id, members: [person, other], share: directShare };
    }),
    ...gathered.map(async ([founder, ...others], index): Promise<Talk> => {
      const { id } = await firstOf(founder).groups.createGroup(index === 0 ? [...others, moved] : others);
      return { id, members: [founder, ...others], share: groupShares[index] ?? 0 };
    }),
  ]);
  const said = (): string =>
    people.flatMap((person) => firstOf(person).complaints.map(({ error_code }) => error_code)).join(', ');
  const talks = await within(
    founding,
    OPEN_DEADLINE_MS,
    () => `the conversations (the server said: ${said() || 'nothing'})`,
  );
  await until(
    'every device knows its conversations',
    () => talks.every((talk) => talk.members.every((member) => clientsOf(member).every(knows(talk)))),
    OPEN_DEADLINE_MS,
  );
  return talks;
}

/** People who belong only to the largest group. */
function crowdFor(largest: number, principals: readonly { person: Person }[]): Person[] {
  const missing = largest - principals.flatMap(({ person }) => person.devices).length;
  return Array.from({ length: Math.max(0, Math.ceil(missing / CROWD_DEVICES)) }, (_, index) =>
    personNamed(`crowd${index}`, { devices: CROWD_DEVICES }),
  );
}

/** The first of these people who together have this many devices. */
function gather(devices: number, people: readonly Person[], crowd: readonly Person[]): [Person, ...Person[]] {
  const members: Person[] = [];
  let count = 0;
  for (const person of [...people, ...crowd]) {
    if (count >= devices) break;
    members.push(person);
    count += person.devices.length;
  }
  return members as [Person, ...Person[]];
}

const knows =
  ({ id }: Talk) =>
  (client: ChatClient): boolean =>
    client.conversations.has(id);

/** The talk as this device names it. */
export function conversationOf(client: ChatClient, talk: Talk): Conversation {
  const conversation = client.conversations.get(talk.id);
  if (!conversation) throw new Error(`${client.device.address} does not know ${talk.id}`);
  return conversation;
}
