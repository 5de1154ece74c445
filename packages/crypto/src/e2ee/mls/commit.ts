import { concat } from '@securechat/protocol';
import { createGroup, type GroupState as MlsState } from 'ts-mls/clientState.js';
import { createCommit } from 'ts-mls/createCommit.js';
import { deriveSecret } from 'ts-mls/crypto/kdf.js';
import { initializeKeySchedule } from 'ts-mls/keySchedule.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import type { Proposal } from 'ts-mls/proposal.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import type { Committed, DeviceRef, GroupState, OwnDevice } from '../engine.ts';
import { E2eeError, TooManyDevices } from '../errors.ts';
import { actAs, type EngineContext, onState } from './engine-context.ts';
import { checkKeyPackage, generateKeyPackage, readKeyPackage } from './key-packages.ts';
import { findDevice, nameLeaves } from './leaves.ts';
import { configFor } from './profile.ts';
import { encodeState, type Names } from './state.ts';
import type { Suite } from './suite.ts';
import { Witness } from './witness.ts';

export type OwnChange = {
  add: readonly Uint8Array[];
  remove: readonly DeviceRef[];
  nowSeconds: number;
};

export async function create(
  context: EngineContext,
  own: OwnDevice,
  groupId: Uint8Array,
  change: Omit<OwnChange, 'remove'>,
): Promise<{ welcome: Uint8Array<ArrayBuffer> | undefined; state: GroupState }> {
  if (groupId.length < 1 || groupId.length > 255) throw new RangeError('a group id has 1 to 255 bytes');
  const { suite, authenticate } = context;
  const { publicPackage, privatePackage } = await generateKeyPackage(own, change, suite);
  const config = configFor(new Witness(authenticate));
  const mls = await createGroup(groupId, publicPackage, privatePackage, [], suite, config);
  const { userId, deviceId } = own;
  const alone = encodeState({ mls, names: new Map([[0, { userId, deviceId }]]) });
  // the others are added by the group's first commit, which nobody else needs to see; it leads to our epoch 0
  const { welcome, next } = await commit(context, alone, own, { ...change, remove: [] }, new Uint8Array());
  return { welcome, state: next };
}

export function commit(
  context: EngineContext,
  state: GroupState,
  own: OwnDevice,
  change: OwnChange,
  authenticatedData: Uint8Array,
): Promise<Committed> {
  const { suite } = context;
  return onState(context, state, async (held, witness) => {
    const removed = removedIndexes(held.names, change.remove, own);
    assertSize(context, held.names.size - removed.size + change.add.length, change.add.length);
    const result = await createCommit(
      { state: actAs(held, own, witness), cipherSuite: suite },
      {
        extraProposals: [...removalsOf(removed), ...additionsOf(change, suite)],
        // the welcome carries the tree to newcomers, hidden from the server
        ratchetTreeExtension: change.add.length > 0,
        authenticatedData,
      },
    );
    const { newState } = result;
    const before = { tree: held.mls.ratchetTree, names: held.names, removed };
    const names = nameLeaves(newState.ratchetTree, before, witness, suite);
    const mls = names.size === 1 ? await drawKeys(newState, suite) : newState;
    const { welcome } = result;
    return {
      commit: concat(encodeMlsMessage(result.commit)),
      welcome: welcome && concat(encodeMlsMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome })),
      next: encodeState({ mls, names }),
    };
  });
}

function assertSize({ maxDevices }: EngineContext, devices: number, added: number): void {
  if (added > 0 && devices > maxDevices) throw new TooManyDevices(devices, maxDevices);
}

function removedIndexes(names: Names, devices: readonly DeviceRef[], own: OwnDevice): Set<number> {
  const ownIndex = findDevice(names, own);
  const removed = new Set<number>();
  for (const device of devices) {
    const leafIndex = findDevice(names, device);
    if (leafIndex === undefined || leafIndex === ownIndex || removed.has(leafIndex)) {
      throw new E2eeError('member');
    }
    removed.add(leafIndex);
  }
  return removed;
}

const removalsOf = (removed: ReadonlySet<number>): Proposal[] =>
  [...removed].map((leafIndex) => ({ proposalType: 'remove', remove: { removed: leafIndex } }));

function additionsOf({ add, nowSeconds }: OwnChange, suite: Suite): Proposal[] {
  return add.map((bytes) => {
    const keyPackage = readKeyPackage(bytes);
    checkKeyPackage(keyPackage, nowSeconds, suite);
    return { proposalType: 'add', add: { keyPackage } };
  });
}

/**
 * Draws keys from fresh randomness, for a group with only this device. After removing the last other device, the library would derive the
 * epoch from what that device knows, because nobody is left to send a secret to; and the next device would be added without a new secret
 * either. Nobody else has to follow.
 */
async function drawKeys<S extends MlsState>(state: S, { rng, kdf }: Suite): Promise<S> {
  const epochSecret = rng.randomBytes(kdf.size);
  const encryptionSecret = await deriveSecret(epochSecret, 'encryption', kdf);
  try {
    const leaves = (state.ratchetTree.length + 1) / 2;
    return {
      ...state,
      keySchedule: await initializeKeySchedule(epochSecret, kdf),
      secretTree: await createSecretTree(leaves, encryptionSecret, kdf),
    };
  } finally {
    epochSecret.fill(0);
    encryptionSecret.fill(0);
  }
}
