import { expect, test } from '@jest/globals';
import { encodeBase64 } from '@securechat/protocol';
import { type ClientState, joinGroup, makePskIndex } from 'ts-mls/clientState.js';
import { encodeCommit } from 'ts-mls/commit.js';
import type { GroupContext } from 'ts-mls/groupContext.js';
import { verifyGroupInfoConfirmationTag, verifyGroupInfoSignature } from 'ts-mls/groupInfo.js';
import { acceptAll } from 'ts-mls/incomingMessageAction.js';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { decodeMlsMessage, encodeMlsMessage, type MLSMessage } from 'ts-mls/message.js';
import { unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import { verifyParentHashes } from 'ts-mls/parentHash.js';
import { processMessage } from 'ts-mls/processMessages.js';
import { encodeProposal } from 'ts-mls/proposal.js';
import { decodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import { treeHash } from 'ts-mls/treeHash.js';
import { toNodeIndex } from 'ts-mls/treemath.js';
import { decryptGroupInfo, decryptGroupSecrets } from 'ts-mls/welcome.js';
import { everything, readVectors } from '#vector-files';
import { hex } from '../testing/member.ts';
import { CAREFREE, suiteOne } from '../testing/raw.ts';
import { bytes, casesOf, sources } from './sets.ts';

type Passive = Record<
  'key_package' | 'signature_priv' | 'encryption_priv' | 'init_priv' | 'welcome',
  string
> & {
  external_psks: { psk_id: string; psk: string }[];
  ratchet_tree: string | null;
  initial_epoch_authenticator: string;
  epochs: { proposals: string[]; commit: string; epoch_authenticator: string }[];
};

const SOMEBODY = new Array(3).fill({ nodeType: 'leaf', leaf: {} });

const read = <W extends MLSMessage['wireformat']>(
  text: string,
  wireformat: W,
): MLSMessage & { wireformat: W } => {
  const [message] = decodeMlsMessage(bytes(text), 0) ?? [];
  if (message?.wireformat !== wireformat) throw new Error(`not ${wireformat}`);
  return message as MLSMessage & { wireformat: W };
};

async function follow(given: Passive): Promise<void> {
  const cs = await suiteOne();
  const psks = Object.fromEntries(
    given.external_psks.map(({ psk_id, psk }) => [encodeBase64(bytes(psk_id)), bytes(psk)]),
  );
  const index = (state?: ClientState) => makePskIndex(state, psks);
  let state = await joinGroup(
    read(given.welcome, 'mls_welcome').welcome,
    read(given.key_package, 'mls_key_package').keyPackage,
    {
      hpkePrivateKey: bytes(given.encryption_priv),
      initPrivateKey: bytes(given.init_priv),
      signaturePrivateKey: bytes(given.signature_priv),
    },
    index(),
    cs,
    given.ratchet_tree === null ? undefined : decodeRatchetTree(bytes(given.ratchet_tree), 0)?.[0],
    undefined,
    CAREFREE,
  );
  expect(hex(state.keySchedule.epochAuthenticator)).toBe(given.initial_epoch_authenticator);
  for (const { proposals, commit, epoch_authenticator } of given.epochs) {
    for (const text of [...proposals, commit]) {
      const [message] = decodeMlsMessage(bytes(text), 0) ?? [];
      if (message?.wireformat !== 'mls_private_message' && message?.wireformat !== 'mls_public_message') {
        throw new Error('neither proposal nor commit');
      }
      state = (await processMessage(message, state, index(state), acceptAll, cs)).newState;
    }
    expect(hex(state.keySchedule.epochAuthenticator)).toBe(epoch_authenticator);
  }
}

for (const [source, folder] of sources) {
  const sets = ['passive-client-welcome', 'passive-client-handling-commit'];
  if (folder === everything) sets.push('passive-client-random');
  for (const set of sets) {
    const cases = await casesOf<Passive>(folder, set);
    const commits = cases.flatMap(({ epochs }) => epochs).length;
    test(`MLS vectors, ${source}: ${set} (${cases.length} with ${commits} commits)`, async () => {
      for (const given of cases) await follow(given);
    }, 120_000);
  }

  const protection = await casesOf<Record<string, string> & { epoch: number }>(folder, 'message-protection');
  test(`MLS vectors, ${source}: message-protection (${protection.length})`, async () => {
    const cs = await suiteOne();
    for (const { epoch, ...given } of protection) {
      const value = (name: string): Uint8Array<ArrayBuffer> => bytes(given[name] ?? '');
      const context: GroupContext = {
        version: 'mls10',
        cipherSuite: cs.name,
        groupId: value('group_id'),
        epoch: BigInt(epoch),
        treeHash: value('tree_hash'),
        confirmedTranscriptHash: value('confirmed_transcript_hash'),
        extensions: [],
      };
      for (const kind of ['proposal', 'commit', 'application']) {
        const { content } = await unprotectPrivateMessage(
          value('sender_data_secret'),
          read(given[`${kind}_priv`] ?? '', 'mls_private_message').privateMessage,
          await createSecretTree(2, value('encryption_secret'), cs.kdf),
          // the sender is the second of two, and only its position matters
          SOMEBODY,
          context,
          CAREFREE.keyRetentionConfig,
          cs,
          value('signature_pub'),
        );
        const framed = content.content;
        const inner =
          framed.contentType === 'proposal'
            ? encodeProposal(framed.proposal)
            : framed.contentType === 'commit'
              ? encodeCommit(framed.commit)
              : framed.applicationData;
        expect([kind, hex(inner)]).toEqual([kind, given[kind]]);
      }
    }
  });

  const welcomes = await casesOf<Record<'init_priv' | 'key_package' | 'signer_pub' | 'welcome', string>>(
    folder,
    'welcome',
  );
  test(`MLS vectors, ${source}: welcome (${welcomes.length})`, async () => {
    const cs = await suiteOne();
    for (const given of welcomes) {
      const { keyPackage } = read(given.key_package, 'mls_key_package');
      const { welcome } = read(given.welcome, 'mls_welcome');
      const initKey = await cs.hpke.importPrivateKey(bytes(given.init_priv));
      const reference = await makeKeyPackageRef(keyPackage, cs.hash);
      const secrets = await decryptGroupSecrets(initKey, reference, welcome, cs.hpke);
      const noPsk = new Uint8Array(cs.kdf.size);
      const info = await decryptGroupInfo(welcome, secrets!.joinerSecret, noPsk, cs);
      expect(await verifyGroupInfoSignature(info!, bytes(given.signer_pub), cs.signature)).toBe(true);
      expect(await verifyGroupInfoConfirmationTag(info!, secrets!.joinerSecret, noPsk, cs)).toBe(true);
    }
  });

  const trees = await casesOf<{ tree: string; tree_hashes: string[] }>(folder, 'tree-validation');
  test(`MLS vectors, ${source}: tree-validation (${trees.length})`, async () => {
    const cs = await suiteOne();
    for (const { tree: text, tree_hashes } of trees) {
      const [tree] = decodeRatchetTree(bytes(text), 0) ?? [];
      for (const [index, wanted] of tree_hashes.entries()) {
        expect(hex(await treeHash(tree!, toNodeIndex(index), cs.hash))).toBe(wanted);
      }
      expect(await verifyParentHashes(tree!, cs.hash)).toBe(true);
    }
  });
}

if (everything !== undefined) {
  type Messages = Record<
    'mls_welcome' | 'mls_group_info' | 'mls_key_package' | 'public_message_commit' | 'private_message',
    string
  >;
  const all: Messages[] = JSON.parse(await readVectors(everything, 'mls/messages.json'));
  test(`MLS vectors, all cases: messages (${all.length}) are read and written alike`, () => {
    for (const messages of all) {
      for (const kind of [
        'mls_welcome',
        'mls_group_info',
        'mls_key_package',
        'public_message_commit',
        'private_message',
      ] as const) {
        const [message, length] = decodeMlsMessage(bytes(messages[kind]), 0) ?? [];
        expect(length).toBe(messages[kind].length / 2);
        expect(hex(encodeMlsMessage(message!))).toBe(messages[kind]);
      }
    }
  });
}
