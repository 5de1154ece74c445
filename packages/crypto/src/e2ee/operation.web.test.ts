import { beforeAll, describe, expect, test } from '@jest/globals';
import { decodeBase64, encodeBase64 } from '@securechat/protocol';
import {
  applyOperation,
  createMlsEngine,
  type E2eeEngine,
  joinByOperation,
  type Operation,
  operationBinding,
  type SignedOperation,
  sha256,
  signOperation,
  verifyOperation,
} from './index.ts';
import { groupOf, Member, nowSeconds, utf8 } from './testing/member.ts';
import { People } from './testing/people.ts';

const people = new People();
let engine: E2eeEngine;

beforeAll(async () => {
  engine = await createMlsEngine({ authenticate: people.authenticate });
});

const binding = { name: 'E2eeError', fault: 'binding' };
const addressOf = ({ own }: Member): string => `${own.userId}:${own.deviceId}`;

const fieldsOf = (by: Member) => ({
  id: 'o_1',
  conversation_id: 'c_0123456789abcdef',
  generation: 0,
  epoch: by.epoch,
  from: by.own.userId,
  device_id: by.own.deviceId,
  timestamp: nowSeconds(),
  nonce: encodeBase64(new Uint8Array(16)),
  previous_sha256: encodeBase64(new Uint8Array(32)),
});

type Change = { add: Member[]; remove: Member[] };

const commitOf = (by: Member, { add, remove }: Change): Operation => ({
  ...fieldsOf(by),
  type: 'group_commit',
  added_devices: add.map(addressOf),
  removed_devices: remove.map(addressOf),
  welcome_to: add.map(addressOf),
});

/** An operation as its sender makes it; `really` is what the commit does. */
async function operate(by: Member, change: Change, really: Change = change): Promise<SignedOperation> {
  const operation = commitOf(by, change);
  const { commit, welcome } = await by.commit(
    {
      add: await Promise.all(really.add.map((member) => member.keyPackage())),
      remove: really.remove.map(({ own }) => own),
    },
    await operationBinding(operation),
  );
  return sign(by, {
    ...operation,
    commit: encodeBase64(commit),
    ...(welcome && { welcome: encodeBase64(welcome) }),
  });
}

const sign = async (by: Member, operation: Operation): Promise<SignedOperation> => ({
  ...operation,
  signature: await signOperation(by.own, operation),
});

/** What current members receive, and what added ones receive. */
async function asDelivered({ commit, welcome, ...operation }: SignedOperation) {
  const hash = async (text: string | undefined) => text && encodeBase64(await sha256(decodeBase64(text)));
  return {
    toMembers: { ...operation, commit, welcome_sha256: await hash(welcome) } as SignedOperation,
    toAdded: { ...operation, welcome, commit_sha256: await hash(commit) } as SignedOperation,
  };
}

const newcomer = async (name = 'dave'): Promise<Member> =>
  new Member(engine, await people.device(name, 'phone'));

test('members follow an operation and newcomers join by it, each with the half that they are sent', async () => {
  const [alice, bob, carol] = await groupOf(engine, people, 'alice', 'bob', 'carol');
  const dave = await newcomer();
  const { toMembers, toAdded } = await asDelivered(await operate(alice, { add: [dave], remove: [carol!] }));
  const { added, removed, next } = await applyOperation(engine, bob!.state, toMembers);
  expect([added[0]?.userId, removed[0]?.userId]).toEqual(['dave', 'carol']);
  const joined = await joinByOperation(engine, toAdded, dave.own, dave.find);
  expect(joined.inviter.userId).toBe('alice');
  expect(engine.describe(joined.state)).toEqual(engine.describe(next!));
});

describe('the commit of an operation is refused', () => {
  /** What an operation by the first of three says, and what its commit does. */
  async function expectRefused(
    of: (carol: Member, dave: Member) => { says: Partial<Change>; does: Partial<Change> },
  ) {
    const [alice, bob, carol] = await groupOf(engine, people, 'alice', 'bob', 'carol');
    const { says, does } = of(carol!, await newcomer());
    const nothing = { add: [], remove: [] };
    const operation = await operate(alice, { ...nothing, ...says }, { ...nothing, ...does });
    await expect(applyOperation(engine, bob!.state, operation)).rejects.toMatchObject(binding);
  }

  test('when it adds somebody unnamed', () =>
    expectRefused((_, dave) => ({ says: {}, does: { add: [dave] } })));

  test('when it does not add somebody named', () =>
    expectRefused((_, dave) => ({ says: { add: [dave] }, does: {} })));

  test('when it removes somebody unnamed', () =>
    expectRefused((carol) => ({ says: {}, does: { remove: [carol] } })));

  test('when it does not remove somebody named', () =>
    expectRefused((carol) => ({ says: { remove: [carol] }, does: {} })));

  test('when another member signs it as its own', async () => {
    const [alice, bob, carol] = await groupOf(engine, people, 'alice', 'bob', 'carol');
    const operation = await operate(alice, { add: [], remove: [carol!] });
    const stolen = await sign(bob!, { ...operation, from: 'bob' });
    await expect(applyOperation(engine, bob!.state, stolen)).rejects.toMatchObject(binding);
  });

  test('when it was made for another operation, and when there is none', async () => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
    const operation = await operate(alice, { add: [], remove: [] });
    const other = await sign(alice, { ...operation, id: 'o_2' });
    await expect(applyOperation(engine, bob!.state, other)).rejects.toMatchObject(binding);
    const { commit: _, ...without } = operation;
    await expect(applyOperation(engine, bob!.state, await sign(alice, without))).rejects.toMatchObject({
      fault: 'form',
    });
  });

  test('when the server puts another one in its place', async () => {
    const [alice, bob, carol] = await groupOf(engine, people, 'alice', 'bob', 'carol');
    const operation = await operate(alice, { add: [], remove: [] });
    const { commit } = await operate(carol!, { add: [], remove: [] });
    await expect(applyOperation(engine, bob!.state, { ...operation, commit })).rejects.toMatchObject(binding);
  });
});

describe('a welcome is refused', () => {
  test('when the operation around it is signed by nobody in the group', async () => {
    const [alice] = await groupOf(engine, people, 'alice', 'bob');
    const [dave, mallory] = [await newcomer(), await newcomer('mallory')];
    const { toAdded } = await asDelivered(await operate(alice, { add: [dave], remove: [] }));
    for (const posing of [
      { ...toAdded, id: 'o_2' },
      await sign(mallory, { ...toAdded, from: 'mallory' }),
      await sign(mallory, toAdded),
    ]) {
      await expect(joinByOperation(engine, posing, dave.own, dave.find)).rejects.toMatchObject(binding);
    }
  });

  test('when it leads to another epoch, or to a group without those that are named', async () => {
    const [alice] = await groupOf(engine, people, 'alice', 'bob');
    const dave = await newcomer();
    const { toAdded } = await asDelivered(await operate(alice, { add: [dave], remove: [] }));
    for (const changes of [
      { epoch: 1 },
      { added_devices: ['dave:phone', 'erin:phone'] },
      { added_devices: [] },
    ]) {
      const posing = await sign(alice, { ...toAdded, ...changes } as Operation);
      await expect(joinByOperation(engine, posing, dave.own, dave.find)).rejects.toMatchObject(binding);
    }
  });
});

describe('a new group', () => {
  test('has exactly the devices that its operation names', async () => {
    const [alice, dave] = [await newcomer('alice'), await newcomer()];
    const change = { add: [await dave.keyPackage()], nowSeconds: nowSeconds() };
    const { welcome, state } = await engine.create(alice.own, utf8('g'), change);
    alice.state = state;
    const operation: Operation = {
      ...fieldsOf(alice),
      type: 'group_create',
      kind: 'group',
      members: ['alice', 'dave'],
      added_devices: ['alice:phone', 'dave:phone'],
      welcome_to: ['dave:phone'],
      name: encodeBase64(utf8('sealed')),
      welcome: encodeBase64(welcome!),
    };
    const joined = await joinByOperation(engine, await sign(alice, operation), dave.own, dave.find);
    expect(engine.describe(joined.state).leaves).toHaveLength(2);
    for (const added_devices of [['dave:phone'], ['alice:phone', 'dave:phone', 'erin:phone']]) {
      const posing = await sign(alice, { ...operation, added_devices });
      await expect(joinByOperation(engine, posing, dave.own, dave.find)).rejects.toMatchObject(binding);
    }
  });
});

test('an operation that touches no keys is verified by the leaf of who signed it', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const leave = await sign(alice, { ...fieldsOf(alice), type: 'group_leave' } as Operation);
  expect((await verifyOperation(engine, bob!.state, leave)).userId).toBe('alice');
  await expect(verifyOperation(engine, bob!.state, { ...leave, from: 'bob' })).rejects.toMatchObject(binding);
});
