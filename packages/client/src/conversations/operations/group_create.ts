import { decodeBase64, encodeBase64 } from '@securechat/protocol';
import { lookUp } from '../../look-up.ts';
import { type Packages, packagesOf } from '../keys/packages.ts';
import { addressOf, userOf } from '../membership/log.ts';
import { mayDo } from '../membership/rights.ts';
import { author, type Build, CannotDo, leavesHeldBy } from './built.ts';
import { groupIdOf } from './group-id.ts';
import { sealName } from './name.ts';

export type CreateIntent = {
  type: 'group_create';
  kind: 'direct' | 'group';
  purpose: 'people' | 'own';
  /** All members, including this user. */
  users: readonly string[];
  name?: string;
  packages?: Packages;
  /** A restart; from `told`, the server's account of the state, when this device does not know it. */
  isRestart?: boolean;
  told?: Place;
};

/** The state of a conversation: its keys, and the hash of its newest operation. */
export type Place = { generation: number; epoch: number; head: string };

/** Well-formed but wrong on purpose: the server refuses it and answers with the right head. */
export const UNKNOWN_HEAD = encodeBase64(new Uint8Array(32));

/** Creates a conversation with all devices of its members, or restarts one with new keys. */
export const buildCreate: Build<CreateIntent> = async (core, step, intent, id) => {
  const { kind, purpose, users, name } = intent;
  const known = intent.told ?? step.found?.log;
  const before = intent.isRestart ? known : undefined;
  if (intent.isRestart && !before) throw new CannotDo('its state is not known');
  if (step.found && !intent.isRestart) return 'moot';
  const own = lookUp(step.found?.log.roles ?? {}, core.own.userId);
  if (step.found && kind === 'group' && !mayDo(own, 'restart'))
    throw new CannotDo('only owners and admins start over');
  const generation = before ? before.generation + 1 : 0;
  const self = addressOf(core.own.userId, core.own.deviceId);
  const add = packagesOf(
    intent.packages ?? {},
    (address) => address !== self && users.includes(userOf(address)),
  );
  const others = Object.keys(add);
  for (const user of users) {
    if (user !== core.own.userId && !others.some((address) => userOf(address) === user)) {
      throw new CannotDo(`${user} has no device to add: one must connect first`);
    }
  }
  const { welcome, state: next } = await core.engine.create(
    core.own,
    groupIdOf({ kind, purpose, conversationId: step.id, generation }),
    { add: Object.values(add).map(decodeBase64), nowSeconds: Math.floor(core.now() / 1000) },
  );
  const leaves = leavesHeldBy(core, next, [self, ...others]);
  const sealedName = name === undefined ? undefined : await sealName(core, next, step.id, name);
  return {
    operation: {
      ...{ type: 'group_create' as const, id, conversation_id: step.id, generation, epoch: 0, kind },
      ...author(core),
      members: [...users],
      added_devices: [self, ...others],
      welcome_to: others,
      // the field is mandatory even when nobody is welcomed
      welcome: encodeBase64(welcome ?? new Uint8Array(1)),
      ...(sealedName ? { name: sealedName } : {}),
      ...(before
        ? { replaces: { generation: before.generation, epoch: before.epoch }, previous_sha256: before.head }
        : {}),
    },
    next,
    leaves,
    ...(name === undefined ? {} : { newName: name }),
  };
};
