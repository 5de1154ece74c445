import { encodeBase64, isSame } from '@securechat/protocol';
import type { LeafNode } from 'ts-mls/leafNode.js';
import type { Node, RatchetTree } from 'ts-mls/ratchetTree.js';
import type { DeviceRef, Leaf } from '../engine.ts';
import { E2eeError } from '../errors.ts';
import type { Held, Names } from './state.ts';
import type { Suite } from './suite.ts';
import type { Witness } from './witness.ts';

export function leafNodeAt(tree: RatchetTree, leafIndex: number): LeafNode | undefined {
  const node = tree[2 * leafIndex];
  return node?.nodeType === 'leaf' ? node.leaf : undefined;
}

/** A copy, so that it outlives the state. */
export function leafAt({ mls, names }: Held, leafIndex: number): Leaf {
  const node = leafNodeAt(mls.ratchetTree, leafIndex);
  const device = names.get(leafIndex);
  if (node === undefined || device === undefined) throw new E2eeError('leaf');
  return { ...device, leafIndex, publicKey: node.signaturePublicKey.slice() };
}

export function leavesOf(held: Held): Leaf[] {
  return [...held.names.keys()].sort((a, b) => a - b).map((leafIndex) => leafAt(held, leafIndex));
}

const isSameDevice = (a: DeviceRef, b: DeviceRef): boolean =>
  a.userId === b.userId && a.deviceId === b.deviceId;

export function findDevice(names: Names, device: DeviceRef): number | undefined {
  for (const [leafIndex, known] of names) if (isSameDevice(known, device)) return leafIndex;
  return undefined;
}

/**
 * Names all leaves of the next tree. An existing member must be the same device with the same key, whatever else its leaf says; a new one
 * was authenticated in this call. No device and no key occurs twice, and every key can be encrypted to: the library checks only some of
 * this.
 */
export function nameLeaves(
  next: RatchetTree,
  before: { tree: RatchetTree; names: Names; removed: ReadonlySet<number> },
  witness: Witness,
  suite: Suite,
): Map<number, DeviceRef> {
  const names = new Map<number, DeviceRef>();
  const taken = new Set<string>();
  for (const [index, node] of next.entries()) {
    if (node === undefined) continue;
    const { hpkePublicKey } = node.nodeType === 'leaf' ? node.leaf : node.parent;
    if (!suite.isSoundKey(hpkePublicKey)) throw new E2eeError('leaf');
    takeOnce(taken, hpkePublicKey);
    if (node.nodeType === 'parent') continue;
    const { leaf } = node;
    const leafIndex = index / 2;
    const known = before.removed.has(leafIndex) ? undefined : before.names.get(leafIndex);
    const device = witness.deviceOf(leaf.signaturePublicKey) ?? known;
    const isRefused =
      device === undefined || (known !== undefined && !isStill(known, device, before.tree[index], leaf));
    if (isRefused) throw new E2eeError('leaf');
    if (leaf.extensions.length > 0) throw new E2eeError('profile');
    if (findDevice(names, device) !== undefined) throw new E2eeError('member');
    takeOnce(taken, leaf.signaturePublicKey);
    names.set(leafIndex, device);
  }
  return names;
}

function isStill(known: DeviceRef, device: DeviceRef, old: Node | undefined, leaf: LeafNode): boolean {
  return (
    old?.nodeType === 'leaf' &&
    isSameDevice(known, device) &&
    isSame(old.leaf.signaturePublicKey, leaf.signaturePublicKey)
  );
}

function takeOnce(taken: Set<string>, key: Uint8Array): void {
  const name = encodeBase64(key);
  if (taken.has(name)) throw new E2eeError('leaf');
  taken.add(name);
}
