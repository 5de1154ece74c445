import { isSame } from '@securechat/protocol';
import { E2eeError } from '../errors.ts';
import { createMlsEngine } from '../mls/create-mls-engine.ts';
import { groupOf, Member, nowSeconds } from '../testing/member.ts';
import { People } from '../testing/people.ts';
import { type Random, randomFrom } from './random.ts';

export type FuzzResult = { tried: number; slowestMs: number; faults: Record<string, number> };

type Target = { name: string; genuine: Uint8Array; take: (bytes: Uint8Array) => Promise<unknown> };

/**
 * Mutates everything a peer can send and passes it to the engine, which must reject each with its one error. Throws for anything else,
 * with seed and case for reproduction, and if the genuine input is rejected in the end.
 */
export async function fuzz({
  seed,
  until,
}: {
  seed: number;
  until: (tried: number) => boolean;
}): Promise<FuzzResult> {
  const random = randomFrom(seed);
  const targets = await makeTargets();
  const result: FuzzResult = { tried: 0, slowestMs: 0, faults: {} };
  while (!until(result.tried)) {
    const { name, genuine, take } = random.pick(targets);
    const changed = mutate(genuine, random.pick(targets).genuine, random);
    result.tried += 1;
    if (isSame(changed, genuine)) continue;
    const startedAt = performance.now();
    const outcome = await take(changed).then(
      () => 'accepted',
      (error: unknown) => error,
    );
    result.slowestMs = Math.max(result.slowestMs, performance.now() - startedAt);
    if (!(outcome instanceof E2eeError)) {
      throw new Error(
        `seed ${seed}, case ${result.tried}: a changed ${name} was not refused as it should be`,
        {
          cause: outcome,
        },
      );
    }
    result.faults[outcome.fault] = (result.faults[outcome.fault] ?? 0) + 1;
  }
  for (const { genuine, take } of targets) await take(genuine);
  return result;
}

async function makeTargets(): Promise<Target[]> {
  const people = new People();
  const engine = await createMlsEngine({ authenticate: people.authenticate });
  const [alice, bob, carol] = (await groupOf(engine, people, 'alice', 'bob', 'carol')) as [
    Member,
    Member,
    Member,
  ];
  const dave = new Member(engine, await people.device('dave', 'phone'));
  const keyPackage = await dave.keyPackage();
  const change = { add: [keyPackage], remove: [carol.own] };
  const { commit, welcome } = await alice.commit(change);
  const { state } = bob;
  return [
    { name: 'message', genuine: await alice.say('hello'), take: (bytes) => engine.open(state, bytes) },
    { name: 'commit', genuine: commit, take: (bytes) => engine.apply(state, bytes, nowSeconds()) },
    {
      name: 'welcome',
      genuine: welcome as Uint8Array,
      take: (bytes) => engine.join(bytes, dave.own, dave.find),
    },
    { name: 'key package', genuine: keyPackage, take: (bytes) => bob.commit({ add: [bytes] }) },
  ];
}

/** Changes bits, bytes or lengths; drops, repeats or replaces a piece. */
function mutate(genuine: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const bytes = Array.from(genuine);
  for (let n = random.below(4); n >= 0; n--) {
    const at = random.below(bytes.length || 1);
    const length = random.below(40);
    const piece = Array.from(other.subarray(at, at + length));
    switch (random.below(6)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 1:
        bytes[at] = random.pick([0, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff]);
        break;
      case 2:
        bytes.splice(at, length);
        break;
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + length));
        break;
      case 4:
        bytes.splice(at, piece.length, ...piece);
        break;
      default:
        bytes.length = at;
    }
  }
  return Uint8Array.from(bytes, (byte) => byte ?? 0);
}
