import { isSame } from '@securechat/protocol';
import type { ClientState } from 'ts-mls/clientState.js';
import type { Authenticate, GroupState, OwnDevice } from '../engine.ts';
import { E2eeError, type E2eeFault, TooManyDevices } from '../errors.ts';
import { leafNodeAt } from './leaves.ts';
import { configFor } from './profile.ts';
import { type Held, withState } from './state.ts';
import type { Suite } from './suite.ts';
import { Witness } from './witness.ts';

/** What every call needs. */
export type EngineContext = {
  readonly suite: Suite;
  readonly authenticate: Authenticate;
  readonly maxDevices: number;
};

/** A call on a state: works on a copy that is then wiped, with its own witness, and one kind of error for peers' input. */
export function onState<T>(
  { authenticate }: EngineContext,
  state: GroupState,
  work: (held: Held, witness: Witness) => Promise<T>,
): Promise<T> {
  const witness = new Witness(authenticate);
  return withState(state, (held) => guarded(witness, () => work(held, witness)));
}

/** The library's messages for a key that is used up or too far ahead. */
const GENERATION = new Set(['Desired gen in the past', 'Desired generation too far in the future']);

/**
 * Runs code that handles peers' bytes. Malformed input makes the library throw all kinds of errors, and none may reveal which. Errors
 * thrown by `authenticate` are passed on, as no peer caused them.
 */
export async function guarded<T>(witness: Witness, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (witness.failure !== undefined) throw witness.failure.error;
    if (error instanceof E2eeError || error instanceof TooManyDevices || error instanceof NotOwnState)
      throw error;
    throw new E2eeError(witness.hasRefused ? 'leaf' : faultOf(error), { cause: error });
  }
}

function faultOf(error: unknown): E2eeFault {
  return error instanceof Error && GENERATION.has(error.message) ? 'generation' : 'cryptography';
}

/** The caller mixed up its devices. */
class NotOwnState extends Error {
  override readonly name = 'NotOwnState';

  constructor() {
    super('this group state belongs to another device');
  }
}

/** The state in the library's form, with the key of the device that signs. */
export function actAs({ mls }: Held, own: OwnDevice, witness: Witness): ClientState {
  const leaf = leafNodeAt(mls.ratchetTree, mls.privatePath.leafIndex);
  if (leaf === undefined || !isSame(leaf.signaturePublicKey, own.publicKey)) throw new NotOwnState();
  return { ...mls, signaturePrivateKey: own.secretKey, clientConfig: configFor(witness) };
}
