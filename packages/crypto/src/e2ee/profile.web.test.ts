import { beforeAll, describe, expect, test } from '@jest/globals';
import { createGroup } from 'ts-mls/clientState.js';
import { createGroupInfoWithExternalPubAndRatchetTree, joinGroupExternal } from 'ts-mls/createCommit.js';
import { createApplicationMessage, createProposal } from 'ts-mls/createMessage.js';
import type { Extension } from 'ts-mls/extension.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import type { Proposal } from 'ts-mls/proposal.js';
import { encodeRequiredCapabilities } from 'ts-mls/requiredCapabilities.js';
import { createMlsEngine, type E2eeEngine } from './index.ts';
import { generateKeyPackage } from './mls/key-packages.ts';
import { groupOf, Member, nowSeconds, utf8 } from './testing/member.ts';
import { People } from './testing/people.ts';
import { addition, CAREFREE, rawCommit, rawState, suiteOne } from './testing/raw.ts';

const people = new People();
let engine: E2eeEngine;
const profile = { name: 'E2eeError', fault: 'profile' };

beforeAll(async () => {
  engine = await createMlsEngine({ authenticate: people.authenticate });
});

const nonce = new Uint8Array(32).fill(1);
const pskIndex = { findPsk: () => new Uint8Array(32).fill(2) };
const external = { psktype: 'external', pskId: utf8('known to both'), pskNonce: nonce } as const;
const resumption = {
  psktype: 'resumption',
  usage: 'application',
  pskGroupId: utf8('g'),
  pskEpoch: 0n,
  pskNonce: nonce,
} as const;
const requirement: Extension = {
  extensionType: 'required_capabilities',
  extensionData: encodeRequiredCapabilities({ extensionTypes: [], proposalTypes: [], credentialTypes: [] }),
};

/** Valid in MLS, but outside the profile. */
const foreign: Record<string, Proposal> = {
  'a pre-shared key': { proposalType: 'psk', psk: { preSharedKeyId: external } },
  'a key of an earlier group': { proposalType: 'psk', psk: { preSharedKeyId: resumption } },
  'a group to be started over': {
    proposalType: 'reinit',
    reinit: {
      groupId: utf8('other'),
      version: 'mls10',
      cipherSuite: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
      extensions: [],
    },
  },
  'extensions of the group': {
    proposalType: 'group_context_extensions',
    groupContextExtensions: { extensions: [requirement] },
  },
  'no extensions of the group': {
    proposalType: 'group_context_extensions',
    groupContextExtensions: { extensions: [] },
  },
  'a proposal of another making': { proposalType: 0xf001, proposalData: utf8('anything') },
};

describe('a member’s commit is refused, and the group goes on without it, when it contains', () => {
  test.each(Object.entries(foreign))('%s', async (_, proposal) => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
    const { commit } = await rawCommit(rawState(alice.state, alice.own), [proposal], { pskIndex });
    await expect(bob!.follow(commit)).rejects.toMatchObject({ name: 'E2eeError' });
    expect(await bob!.hear(await alice.say('hello'))).toBe('hello');
  });

  test('a proposal that was made before', async () => {
    const [alice, bob, carol] = await groupOf(engine, people, 'alice', 'bob', 'carol');
    const removal = { proposalType: 'remove', remove: { removed: 2 } } as const;
    const { newState } = await createProposal(
      rawState(alice.state, alice.own),
      false,
      removal,
      await suiteOne(),
    );
    const { commit } = await rawCommit(newState, []);
    await expect(bob!.follow(commit)).rejects.toMatchObject({ name: 'E2eeError' });
    expect(carol!.isMember).toBe(true);
  });
});

describe('proposals do not travel by themselves', () => {
  test.each([
    ['in private', false],
    ['in public', true],
  ])('%s', async (_, isPublic) => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob', 'carol');
    const removal = { proposalType: 'remove', remove: { removed: 2 } } as const;
    const cs = await suiteOne();
    const { message } = await createProposal(rawState(alice.state, alice.own), isPublic, removal, cs);
    const bytes = encodeMlsMessage(message);
    await expect(bob!.follow(bytes)).rejects.toMatchObject(profile);
    await expect(bob!.open(bytes)).rejects.toMatchObject(profile);
  });
});

test('a commit that is not encrypted is refused, though a member has made it', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const { commit } = await rawCommit(rawState(alice.state, alice.own), [], { wireAsPublicMessage: true });
  await expect(bob!.follow(commit)).rejects.toMatchObject(profile);
});

test('nobody comes in from outside, even a certified device that a member has told all it takes', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const cs = await suiteOne();
  const groupInfo = await createGroupInfoWithExternalPubAndRatchetTree(
    rawState(alice.state, alice.own),
    [],
    cs,
  );
  const mallory = await people.device('mallory', 'phone');
  const { publicPackage, privatePackage } = await generateKeyPackage(
    mallory,
    { nowSeconds: nowSeconds() },
    cs,
  );
  for (const resync of [false, true]) {
    const joining = resync ? await generateKeyPackage(bob!.own, { nowSeconds: nowSeconds() }, cs) : undefined;
    const { publicMessage } = await joinGroupExternal(
      groupInfo,
      joining?.publicPackage ?? publicPackage,
      joining?.privatePackage ?? privatePackage,
      resync,
      cs,
      undefined,
      CAREFREE,
    );
    const commit = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_public_message', publicMessage });
    await expect(alice.follow(commit)).rejects.toMatchObject(profile);
  }
});

test('what is no message at all is none: a key package, the description of a group, a welcome', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const cs = await suiteOne();
  const raw = rawState(alice.state, alice.own);
  const { publicPackage: keyPackage } = await generateKeyPackage(alice.own, { nowSeconds: nowSeconds() }, cs);
  const groupInfo = await createGroupInfoWithExternalPubAndRatchetTree(raw, [], cs);
  const carol = new Member(engine, await people.device('carol', 'phone'));
  const { welcome } = await alice.commit({ add: [await carol.keyPackage()] });
  for (const bytes of [
    encodeMlsMessage({ version: 'mls10', wireformat: 'mls_key_package', keyPackage }),
    encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo }),
    welcome!,
  ]) {
    await expect(bob!.open(bytes)).rejects.toMatchObject(profile);
    await expect(bob!.follow(bytes)).rejects.toMatchObject(profile);
  }
  await expect(carol.join(await alice.say('hello'))).rejects.toMatchObject(profile);
});

test('a group or a welcome with extensions is joined by nobody', async () => {
  const alice = await people.device('alice', 'phone');
  const cs = await suiteOne();
  const { publicPackage, privatePackage } = await generateKeyPackage(alice, { nowSeconds: nowSeconds() }, cs);
  for (const [group, info] of [
    [[requirement], []],
    [[], [{ extensionType: 'external_pub', extensionData: new Uint8Array(32).fill(9) }]],
    [[], [{ extensionType: 0xf00d, extensionData: utf8('more') }]],
  ] satisfies [Extension[], Extension[]][]) {
    const raw = await createGroup(utf8('g'), publicPackage, privatePackage, group, cs, CAREFREE);
    const bob = new Member(engine, await people.device('bob', 'phone'));
    const { welcome } = await rawCommit(raw, [addition(await bob.keyPackage())], {
      groupInfoExtensions: info,
    });
    await expect(bob.join(welcome!)).rejects.toMatchObject(profile);
  }
});

test('a member that frames its messages in its own way is not heard, and keeps nobody from hearing others', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const cs = await suiteOne();
  for (const framed of [
    utf8('hello'),
    new Uint8Array(0),
    // of a later version; shorter than stated; padded to no size class; with non-zero padding
    new Uint8Array(256).fill(2, 0, 1),
    Uint8Array.of(1, 0, 0, 1, 0, ...new Uint8Array(251)),
    Uint8Array.of(1, 0, 0, 0, 1, 65),
    Uint8Array.of(1, 0, 0, 0, 1, 65, ...new Uint8Array(506)),
    Uint8Array.of(1, 0, 0, 0, 1, 65, ...new Uint8Array(249), 1),
    Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff, ...new Uint8Array(251)),
  ]) {
    const { privateMessage } = await createApplicationMessage(rawState(alice.state, alice.own), framed, cs);
    const bytes = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_private_message', privateMessage });
    await expect(bob!.hear(bytes)).rejects.toMatchObject({ name: 'E2eeError' });
  }
  expect(await bob!.hear(await alice.say('hello'))).toBe('hello');
});
