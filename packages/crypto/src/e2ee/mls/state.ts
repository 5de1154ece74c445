import { concat } from '@securechat/protocol';
import { decodeGroupState, encodeGroupState, type GroupState as MlsState } from 'ts-mls/clientState.js';
import type { DeviceRef, GroupState } from '../engine.ts';

/** The device of each leaf by index, as authenticated when the leaf was added. */
export type Names = ReadonlyMap<number, DeviceRef>;
export type Held = { mls: MlsState; names: Names };

const VERSION = 1;
/** version u8, length of the names u32be */
const HEADER_BYTES = 5;
const NOTHING = new Uint8Array();

/**
 * Omits the device's secret key, which is stored once and not in every state, and keys of earlier epochs: the server orders messages and
 * commits, so nothing from those can still arrive.
 */
export function encodeState({ mls, names }: Held): GroupState {
  const kept = { ...mls, signaturePrivateKey: NOTHING, historicalReceiverData: new Map() };
  const list = [...names].map(([leafIndex, { userId, deviceId }]) => [leafIndex, userId, deviceId]);
  const text = new TextEncoder().encode(JSON.stringify(list));
  const header = new Uint8Array(HEADER_BYTES);
  header[0] = VERSION;
  new DataView(header.buffer).setUint32(1, text.length);
  const secrets = encodeGroupState(kept);
  const state = concat(header, text, secrets);
  secrets.fill(0);
  return state;
}

/** Returns views of `state`. */
export function decodeState(state: Uint8Array): Held {
  const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
  if (state.length < HEADER_BYTES || view.getUint8(0) !== VERSION) throw new RangeError('not a group state');
  const end = HEADER_BYTES + view.getUint32(1);
  const list: [number, string, string][] = JSON.parse(
    new TextDecoder().decode(state.subarray(HEADER_BYTES, end)),
  );
  const [mls, length] = decodeGroupState(state.subarray(end), 0) ?? [];
  if (mls === undefined || length !== state.length - end) throw new RangeError('not a group state');
  return {
    mls,
    names: new Map(list.map(([leafIndex, userId, deviceId]) => [leafIndex, { userId, deviceId }])),
  };
}

/** Works on a copy, because the library wipes used-up keys; the whole copy is wiped at the end. */
export async function withState<T>(state: GroupState, work: (held: Held) => Promise<T>): Promise<T> {
  const copy = state.slice();
  try {
    return await work(decodeState(copy));
  } finally {
    copy.fill(0);
  }
}
