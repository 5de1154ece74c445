import { applyProposals, type ClientState, nextEpochContext } from 'ts-mls/clientState.js';
import type { Commit } from 'ts-mls/commit.js';
import { type CreateCommitOptions, createCommit } from 'ts-mls/createCommit.js';
import type { FramedContentCommit } from 'ts-mls/framedContent.js';
import { decodeKeyPackage } from 'ts-mls/keyPackage.js';
import { defaultKeyPackageEqualityConfig } from 'ts-mls/keyPackageEqualityConfig.js';
import { initializeEpoch } from 'ts-mls/keySchedule.js';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import type { Proposal } from 'ts-mls/proposal.js';
import { emptyPskIndex, type PskIndex } from 'ts-mls/pskIndex.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { leafWidth, toLeafIndex } from 'ts-mls/treemath.js';
import { applyUpdatePath } from 'ts-mls/updatePath.js';
import type { GroupState, OwnDevice } from '../engine.ts';
import { decodeState } from '../mls/state.ts';
import { loadSuite, type Suite } from '../mls/suite.ts';

/** For attackers: the library without our checks. What they send is still valid MLS. */
export const CAREFREE = {
  keyRetentionConfig: {
    retainKeysForGenerations: 1_000,
    retainKeysForEpochs: 1_000,
    maximumForwardRatchetSteps: 1_000,
  },
  lifetimeConfig: { maximumTotalLifetime: 0n, validateLifetimeOnReceive: false },
  keyPackageEqualityConfig: defaultKeyPackageEqualityConfig,
  paddingConfig: { kind: 'padUntilLength', padUntilLength: 0 },
  authService: { validateCredential: async () => true },
} as const;

let suite: Suite | undefined;
export async function suiteOne(): Promise<Suite> {
  suite ??= await loadSuite(1);
  return suite;
}

/** A member's state in the library's form, with the member's key. */
export function rawState(state: GroupState, own: OwnDevice): ClientState {
  const { mls } = decodeState(state.slice());
  return { ...mls, signaturePrivateKey: own.secretKey, clientConfig: CAREFREE };
}

/** The proposal that adds the key package in these bytes. */
export function addition(bytes: Uint8Array): Proposal {
  const [keyPackage] = decodeKeyPackage(bytes, 0) ?? [];
  if (keyPackage === undefined) throw new Error('not a key package');
  return { proposalType: 'add', add: { keyPackage } };
}

export async function rawCommit(
  state: ClientState,
  proposals: Proposal[],
  options: CreateCommitOptions & { pskIndex?: PskIndex } = {},
): Promise<{ commit: Uint8Array; welcome: Uint8Array | undefined; next: ClientState }> {
  const { pskIndex = emptyPskIndex, ...others } = options;
  const { commit, welcome, newState } = await createCommit(
    { state, cipherSuite: await suiteOne(), pskIndex },
    { extraProposals: proposals, ratchetTreeExtension: true, ...others },
  );
  return {
    commit: encodeMlsMessage(commit),
    welcome: welcome && encodeMlsMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome }),
    next: newState,
  };
}

/** The content of a private message, given the keys of its epoch. */
export async function rawOpen(state: ClientState, bytes: Uint8Array) {
  const [message] = decodeMlsMessage(bytes, 0) ?? [];
  if (message?.wireformat !== 'mls_private_message') throw new Error('not a private message');
  const { content } = await unprotectPrivateMessage(
    state.keySchedule.senderDataSecret,
    message.privateMessage,
    state.secretTree,
    state.ratchetTree,
    state.groupContext,
    CAREFREE.keyRetentionConfig,
    await suiteOne(),
  );
  return content;
}

export async function commitIn(state: ClientState, bytes: Uint8Array): Promise<Commit> {
  const { content } = await rawOpen(state, bytes);
  if (content.contentType !== 'commit') throw new Error('not a commit');
  return content.commit;
}

/** What somebody can derive of the next epoch who reads the commit but gets no new secret: everything public in it, and zeros for the secret. */
export async function followUnasked(state: ClientState, bytes: Uint8Array): Promise<ClientState> {
  const cs = await suiteOne();
  const { content, auth } = await rawOpen(state, bytes);
  if (content.contentType !== 'commit' || auth.contentType !== 'commit') throw new Error('not a commit');
  if (content.sender.senderType !== 'member') throw new Error('not by a member');
  const committer = toLeafIndex(content.sender.leafIndex);
  const applied = await applyProposals(state, content.commit.proposals, committer, emptyPskIndex, false, cs);
  const ratchetTree = await treeAfter(applied.tree, content, committer, cs);
  const groupContext = await nextEpochContext(
    state.groupContext,
    'mls_private_message',
    content,
    auth.signature,
    await treeHashRoot(ratchetTree, cs.hash),
    state.confirmationTag,
    cs.hash,
  );
  const zeros = new Uint8Array(cs.kdf.size);
  const epoch = await initializeEpoch(state.keySchedule.initSecret, zeros, groupContext, zeros, cs.kdf);
  const secretTree = await createSecretTree(leafWidth(ratchetTree.length), epoch.encryptionSecret, cs.kdf);
  const { confirmationTag } = auth;
  return { ...state, ratchetTree, groupContext, secretTree, keySchedule: epoch.keySchedule, confirmationTag };
}

const treeAfter = (
  tree: RatchetTree,
  { commit: { path } }: FramedContentCommit,
  committer: ReturnType<typeof toLeafIndex>,
  { hash }: Suite,
): Promise<RatchetTree> | RatchetTree =>
  path === undefined ? tree : applyUpdatePath(tree, committer, path, hash);
