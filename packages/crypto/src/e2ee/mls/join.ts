import { encodeBase64Url } from '@securechat/protocol';
import { joinGroupWithExtensions } from 'ts-mls/clientState.js';
import { emptyPskIndex } from 'ts-mls/pskIndex.js';
import type { Welcome } from 'ts-mls/welcome.js';
import type { FindKeyPackage, GroupState, OwnDevice } from '../engine.ts';
import { E2eeError } from '../errors.ts';
import { actAs, type EngineContext, guarded } from './engine-context.ts';
import { decodePrivate, readKeyPackage, referenceOf } from './key-packages.ts';
import { nameLeaves } from './leaves.ts';
import { configFor, readMessage } from './profile.ts';
import { encodeState } from './state.ts';
import type { Suite } from './suite.ts';
import { Witness } from './witness.ts';

export async function join(
  { suite, authenticate }: EngineContext,
  bytes: Uint8Array,
  own: OwnDevice,
  find: FindKeyPackage,
): Promise<{ state: GroupState; reference: string }> {
  const witness = new Witness(authenticate);
  const welcome = await guarded(witness, async () => readWelcome(bytes, suite));
  const found = await find(welcome.secrets.map(({ newMember }) => encodeBase64Url(newMember)));
  if (found === undefined) throw new E2eeError('not_for_us');
  const keyPackage = readKeyPackage(found.bytes);
  const privateKeys = decodePrivate(found.privateBytes, own);
  return guarded(witness, async () => {
    const [mls, extensions] = await joinGroupWithExtensions(
      welcome,
      keyPackage,
      privateKeys,
      emptyPskIndex,
      suite,
      undefined,
      undefined,
      configFor(witness),
    );
    const isPlain =
      mls.groupContext.extensions.length === 0 &&
      extensions.every(({ extensionType }) => extensionType === 'ratchet_tree');
    if (!isPlain) throw new E2eeError('profile');
    const nobody = { tree: [], names: new Map(), removed: new Set<number>() };
    const held = { mls, names: nameLeaves(mls.ratchetTree, nobody, witness, suite) };
    actAs(held, own, witness);
    return { state: encodeState(held), reference: await referenceOf(keyPackage, suite) };
  });
}

function readWelcome(bytes: Uint8Array, suite: Suite): Welcome {
  const { welcome } = readMessage(bytes, 'mls_welcome');
  // the library would use the key package's suite, whatever the welcome says
  if (welcome.cipherSuite !== suite.name) throw new E2eeError('profile');
  return welcome;
}
