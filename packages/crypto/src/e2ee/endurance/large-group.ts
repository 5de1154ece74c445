import { createMlsEngine } from '../mls/create-mls-engine.ts';
import { commitBy, Member } from '../testing/member.ts';
import { People } from '../testing/people.ts';

export type LargeGroupResult = {
  devices: number;
  welcomeBytes: number;
  stateBytes: number;
  seconds: Record<string, number>;
};

/**
 * The life of a group of people with two devices each: all are added at once, one writes, one renews keys, one person is removed with
 * both devices, and one joins late. `watching` devices besides the first really take part, evenly spaced; the others are leaves without a
 * client. Throws if anybody receives less or more than they should.
 */
export async function largeGroup(
  { people: count, watching }: { people: number; watching: number },
  tell: (step: string) => void = () => {},
): Promise<LargeGroupResult> {
  const people = new People();
  const engine = await createMlsEngine({ authenticate: people.authenticate });
  const member = async (user: number, device: string): Promise<Member> =>
    new Member(engine, await people.device(`user-${user}`, device));
  const all: Member[] = [];
  for (let user = 0; user < count; user++)
    all.push(await member(user, 'phone'), await member(user, 'laptop'));
  const [first, ...others] = all as [Member, ...Member[]];
  // the last person will be removed
  const leaving = others.slice(-2);
  const step = Math.max(1, Math.floor((others.length - 2) / watching));
  const watchers = others
    .slice(0, -2)
    .filter((_, index) => index % step === 0)
    .slice(0, watching);
  const seconds: Record<string, number> = {};
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    tell(name);
    const startedAt = performance.now();
    const done = await work();
    seconds[name] = (performance.now() - startedAt) / 1000;
    return done;
  };

  await first.create([]);
  const add = await Promise.all(others.map((other) => other.keyPackage()));
  const { welcome } = await timed('add all', () => commitBy(first, [], { add }));
  await timed('join', () => joinAll([...watchers, ...leaving], welcome as Uint8Array));
  await timed('hear', () => hearAll(first, [...watchers, ...leaving]));

  const renewing = watchers.at(-1) as Member;
  const rest = [first, ...watchers.slice(0, -1)];
  await timed('renew keys', () => commitBy(renewing, [...rest, ...leaving]));
  await timed('remove one person', () =>
    commitBy(first, [...watchers, ...leaving], { remove: leaving.map(({ own }) => own) }),
  );
  if (leaving.some(({ isMember }) => isMember)) throw new Error('who was removed is still there');

  const late = await member(count, 'phone');
  const invitation = { add: [await late.keyPackage()] };
  const later = await timed('add one', () => commitBy(renewing, rest, invitation));
  await timed('join late', () => late.join(later.welcome as Uint8Array));
  await timed('renew keys, as who came late', () => commitBy(late, [first, ...watchers]));
  await timed('hear at last', () => hearAll(late, [first, ...watchers]));
  const devices = engine.describe(late.state).leaves.length;
  if (devices !== 2 * count - 1) throw new Error(`the group has ${devices} devices`);
  return { devices, welcomeBytes: welcome?.length ?? 0, stateBytes: late.state.length, seconds };
}

async function joinAll(members: readonly Member[], welcome: Uint8Array): Promise<void> {
  for (const member of members) await member.join(welcome);
}

async function hearAll(speaker: Member, listeners: readonly Member[]): Promise<void> {
  const message = await speaker.say('to all');
  for (const listener of listeners) {
    if ((await listener.hear(message)) !== 'to all') throw new Error('a message came out changed');
  }
}
