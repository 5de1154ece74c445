import { concat, isSame } from '@securechat/protocol';
import { processPrivateMessage } from 'ts-mls/processMessages.js';
import { emptyPskIndex } from 'ts-mls/pskIndex.js';
import type { Applied, GroupState } from '../engine.ts';
import { E2eeError } from '../errors.ts';
import { type EngineContext, onState } from './engine-context.ts';
import { checkKeyPackage } from './key-packages.ts';
import { leafAt, leavesOf, nameLeaves } from './leaves.ts';
import { type Change, changeOf, configFor, readPrivateMessage } from './profile.ts';
import { encodeState } from './state.ts';

export function apply(
  context: EngineContext,
  state: GroupState,
  commit: Uint8Array,
  atSeconds: number,
): Promise<Applied> {
  const { suite } = context;
  return onState(context, state, async (held, witness) => {
    const message = readPrivateMessage(commit, 'commit', held);
    let change: Change | undefined;
    const { newState } = await processPrivateMessage(
      { ...held.mls, clientConfig: configFor(witness) },
      message,
      emptyPskIndex,
      suite,
      (incoming) => {
        change = changeOf(incoming);
        for (const keyPackage of change.added) checkKeyPackage(keyPackage, atSeconds, suite);
        return 'accept';
      },
    );
    if (change === undefined) throw new E2eeError('profile');
    const { committer, added, removed } = change;
    const before = { tree: held.mls.ratchetTree, names: held.names, removed };
    const next = { mls: newState, names: nameLeaves(newState.ratchetTree, before, witness, suite) };
    const isOut = newState.groupActiveState.kind === 'removedFromGroup';
    return {
      committer: leafAt(held, committer),
      added: leavesOf(next).filter(({ publicKey }) =>
        added.some(({ leafNode }) => isSame(leafNode.signaturePublicKey, publicKey)),
      ),
      removed: [...removed].map((leafIndex) => leafAt(held, leafIndex)),
      authenticatedData: concat(message.authenticatedData),
      next: isOut ? undefined : encodeState(next),
    };
  });
}
