import { beforeAll, describe, expect, test } from '@jest/globals';
import { createMlsEngine, type E2eeEngine } from './index.ts';
import { groupOf, Member } from './testing/member.ts';
import { People } from './testing/people.ts';

const people = new People();
let engine: E2eeEngine;

beforeAll(async () => {
  engine = await createMlsEngine({ authenticate: people.authenticate });
});

describe('a welcome', () => {
  test('that is for none of our key packages is not for us', async () => {
    const [alice] = await groupOf(engine, people, 'alice');
    const [bob, carol] = [
      new Member(engine, await people.device('bob', 'phone')),
      new Member(engine, await people.device('carol', 'phone')),
    ];
    const { welcome } = await alice.commit({ add: [await bob.keyPackage()] });
    await expect(carol.join(welcome!)).rejects.toMatchObject({ fault: 'not_for_us' });
  });

  test('that names another suite is refused, though everything in it is of ours', async () => {
    const [alice] = await groupOf(engine, people, 'alice');
    const bob = new Member(engine, await people.device('bob', 'phone'));
    const { welcome } = await alice.commit({ add: [await bob.keyPackage()] });
    // the suite follows version and format
    for (const suite of [0x0002, 0x0003, 0x3f01]) {
      const changed = welcome!.slice();
      new DataView(changed.buffer).setUint16(4, suite);
      await expect(bob.join(changed)).rejects.toMatchObject({ fault: 'profile' });
    }
    await bob.join(welcome!);
  });

  test('works once, because the private half of its key package is gone then', async () => {
    const [alice] = await groupOf(engine, people, 'alice');
    const bob = new Member(engine, await people.device('bob', 'phone'));
    const { welcome } = await alice.commit({ add: [await bob.keyPackage()] });
    await bob.join(welcome!);
    await expect(bob.join(welcome!)).rejects.toMatchObject({ fault: 'not_for_us' });
  });

  test('does not open with the key package of another device of ours', async () => {
    const [alice] = await groupOf(engine, people, 'alice');
    const bob = new Member(engine, await people.device('bob', 'phone'));
    const { welcome } = await alice.commit({ add: [await bob.keyPackage()] });
    const laptop = await people.device('bob', 'laptop');
    await expect(engine.join(welcome!, laptop, bob.find)).rejects.toThrow('another device');
  });
});
