import { concat } from '@securechat/protocol';
import { mlsExporter } from 'ts-mls/keySchedule.js';
import type { Authenticate, E2eeEngine, GroupDescription, GroupState } from '../engine.ts';
import { apply } from './apply.ts';
import { commit, create } from './commit.ts';
import { type EngineContext, onState } from './engine-context.ts';
import { join } from './join.ts';
import { encodePair, generateKeyPackage } from './key-packages.ts';
import { leavesOf } from './leaves.ts';
import { open, seal } from './messages.ts';
import { decodeState } from './state.ts';
import { DEFAULT_SUITE, loadSuite } from './suite.ts';

/** Work and sizes grow with a group's devices; a commit for this many fits its frame even in the worst case. */
const MAX_DEVICES = 250;

export type MlsEngineOptions = {
  authenticate: Authenticate;
  /** MLS number; 1 is X25519, AES-128-GCM, SHA-256, Ed25519. RangeError for an unsupported one. */
  suite?: number;
  /** Adding beyond this throws TooManyDevices. */
  maxDevices?: number;
};

/** The engine on `ts-mls`, which nobody has audited: all checks the library needs around it are in this folder. */
export async function createMlsEngine(options: MlsEngineOptions): Promise<E2eeEngine> {
  const { authenticate, suite: number = DEFAULT_SUITE, maxDevices = MAX_DEVICES } = options;
  const suite = await loadSuite(number);
  const context: EngineContext = { suite, authenticate, maxDevices };
  return {
    suite: number,
    keyPackage: async (own, how) => encodePair(await generateKeyPackage(own, how, suite), suite),
    create: (...call) => create(context, ...call),
    commit: (...call) => commit(context, ...call),
    join: (...call) => join(context, ...call),
    seal: (...call) => seal(context, ...call),
    open: (...call) => open(context, ...call),
    apply: (...call) => apply(context, ...call),
    describe,
    exportSecret: (state, label, forWhat, length) =>
      onState(context, state, async ({ mls }) =>
        concat(await mlsExporter(mls.keySchedule.exporterSecret, label, forWhat, length, suite)),
      ),
  };
}

function describe(state: GroupState): GroupDescription {
  const held = decodeState(state);
  const { groupId, epoch } = held.mls.groupContext;
  return { groupId: groupId.slice(), epoch: Number(epoch) - 1, leaves: leavesOf(held) };
}
