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
  /** All members, oneself among them. */
  users: readonly string[];
  name?: string;
  packages?: Packages;
  /** Starts the conversation over; from `told`, where the server says that it is, when it is not known here. */
  isRestart?: boolean;
  told?: Place;
};

/** Where a conversation is: its keys, and the hash of its newest operation. */
export type Place = { generation: number; epoch: number; head: string };

/** In the form of a hash, and none: the server refuses it and says the right one. */
export const UNKNOWN_HEAD = encodeBase64(new Uint8Array(32));

/** Makes a conversation of all devices of its members, or starts one over with keys from nothing. */
export const buildCreate: Build<CreateIntent> = async (core, step, intent, id) => {
  const { kind, purpose, users, name } = intent;
  const known = intent.told ?? step.found?.log;
  const before = intent.isRestart ? known : undefined;
  if (intent.isRestart && !before) throw new CannotDo('it is not known where the conversation is');
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
      throw new CannotDo(`${user} has no device that can be added: one has to connect first`);
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
      // alone one welcomes nobody, and the field has to be there
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
