import { describe, expect, test } from '@jest/globals';
import type { Role } from '../../api/index.ts';
import { begin, follow } from './follow.ts';
import { Forbidden, judge } from './judge.ts';
import type { Log } from './log.ts';
import type { Operation } from './operation.ts';
import { judgeRestart } from './restart.ts';
import { vouch } from './vouch.ts';

type Change = Exclude<Operation, { type: 'group_create' }>;

const roles: Record<string, Role> = { olga: 'owner', adam: 'admin', mia: 'member', max: 'member' };
const log: Log = {
  ...{ kind: 'group', generation: 0, epoch: 4, head: 'head', heads: ['head'], due: [], roles },
  leaves: { 'olga:1': 'k1', 'adam:1': 'k2', 'mia:1': 'k3', 'mia:2': 'k4', 'max:1': 'k5' },
};

function by(user: string, fields: Record<string, unknown>, device = '1'): Change {
  const common = { id: 'm', conversation_id: 'c', generation: 0, epoch: 4, from: user, device_id: device };
  return {
    ...common,
    timestamp: 1,
    nonce: '',
    signature: '',
    previous_sha256: 'head',
    ...fields,
  } as unknown as Change;
}
const add = (user: string, fields = {}) =>
  by(user, {
    type: 'group_member_add',
    targets: ['nora'],
    added_devices: ['nora:1'],
    welcome_to: ['nora:1'],
    ...fields,
  });
const named = (user: string) => ({ targets: [user], added_devices: [`${user}:1`] });
const remove = (user: string, target: string, devices: string[]) =>
  by(user, { type: 'group_member_remove', targets: [target], removed_devices: devices });
const promote = (user: string, target: string, role: Role) =>
  by(user, { type: 'group_update', targets: [target], role });
const rename = (user: string) => by(user, { type: 'group_update', name: 'AAAA' });
const commit = (user: string, added: string[], removed: string[]) =>
  by(user, { type: 'group_commit', added_devices: added, removed_devices: removed, welcome_to: added });

describe('an operation is taken', () => {
  test.each([
    ['an owner adds', add('olga')],
    ['an admin adds', add('adam')],
    ['an admin removes a member with all devices', remove('adam', 'mia', ['mia:1', 'mia:2'])],
    ['an owner removes an admin', remove('olga', 'adam', ['adam:1'])],
    ['an owner gives a role', promote('olga', 'mia', 'owner')],
    ['an admin steps down', promote('adam', 'adam', 'member')],
    ['an admin renames', rename('adam')],
    ['an admin bans somebody', by('adam', { type: 'group_update', targets: ['nora'], ban: true })],
    ['a member leaves', by('mia', { type: 'group_leave', removed_devices: ['mia:1', 'mia:2'] })],
    ['a member brings a device of its own', commit('mia', ['mia:3'], [])],
    ['a member makes fresh keys', commit('mia', [], [])],
    ['an admin brings a device of a member', commit('adam', ['max:2'], [])],
    ['who is added has the name of something that all objects have', add('olga', named('constructor'))],
    ['who is added has the name of what objects come from', add('olga', named('__proto__'))],
  ])('when %s', (_what, operation) => {
    expect(() => judge(log, operation)).not.toThrow();
  });
});

describe('an operation is refused', () => {
  test.each([
    ['a member adds', add('mia')],
    ['a member removes', remove('mia', 'max', ['max:1'])],
    ['an admin removes an owner', remove('adam', 'olga', ['olga:1'])],
    ['a device of the target stays', remove('olga', 'mia', ['mia:1'])],
    ['devices of somebody else are removed along', remove('olga', 'max', ['max:1', 'mia:1'])],
    ['an admin makes itself owner', promote('adam', 'adam', 'owner')],
    ['a member renames', rename('mia')],
    ['somebody who is no member acts', add('nora')],
    ['a device of nobody is brought in under such a name', commit('olga', ['constructor:1'], [])],
    ['nobody of such a name gets a role', promote('olga', 'valueOf', 'admin')],
    ['a device without the keys acts', by('olga', { type: 'group_update', name: 'A' }, '9')],
    ['a member brings a device of another one', commit('mia', ['max:2'], [])],
    ['a device of a stranger is brought in by commit', commit('olga', ['nora:1'], [])],
    ['another device comes along with who is added', add('olga', { added_devices: ['nora:1', 'eve:1'] })],
    ['who is added comes without a device', add('olga', { targets: ['nora', 'eve'] })],
    ['who is there is added', add('olga', { targets: ['mia'], added_devices: ['mia:3'] })],
    ['it begins from another epoch', add('olga', { epoch: 3 })],
    ['it begins from another generation', add('olga', { generation: 1 })],
    ['it does not follow the newest one', add('olga', { previous_sha256: 'other' })],
    ['somebody removes itself by commit', commit('mia', [], ['mia:1'])],
  ])('when %s', (_what, operation) => {
    expect(() => judge(log, operation)).toThrow(Forbidden);
  });

  test('as long as devices that have left hold the keys, unless it takes them out', () => {
    const left = follow(log, by('max', { type: 'group_leave', removed_devices: ['max:1'] }), 'next');
    const at = (change: Change): Change => ({ ...change, previous_sha256: 'next' });
    expect(left.due).toEqual(['max:1']);
    expect(() => judge(left, at(add('olga')))).toThrow('devices that have left come first');
    expect(() => judge(left, at(commit('olga', [], [])))).toThrow('in their place');
    expect(() => judge(left, at(commit('olga', ['olga:2'], ['max:1'])))).toThrow('come first');
    expect(() => judge(left, at(commit('mia', [], ['max:1'])))).not.toThrow();
  });
});

test('of very many that have left, one commit takes out as many as the server names', () => {
  const many = Array.from({ length: 150 }, (_, number) => `max:${number}`);
  const left: Log = {
    ...log,
    due: many,
    leaves: { ...log.leaves, ...Object.fromEntries(many.map((each) => [each, 'k'])) },
  };
  expect(() => judge(left, commit('olga', [], many.slice(0, 99)))).toThrow('in their place');
  expect(() => judge(left, commit('olga', [], many.slice(0, 100)))).not.toThrow();
});

describe('starting over', () => {
  const restart = (user: string, fields = {}) =>
    ({
      ...by(user, {
        type: 'group_create',
        kind: 'group',
        generation: 1,
        members: ['olga', 'adam', 'mia', 'max'],
      }),
      ...{ replaces: { generation: 0, epoch: 4 }, ...fields },
    }) as unknown as Operation<'group_create'>;

  test('goes on from where we are, or from where nobody could follow', () => {
    expect(judgeRestart(log, restart('adam'))).toBe(true);
    expect(judgeRestart(log, restart('adam', { replaces: { generation: 0, epoch: 5 } }))).toBe(false);
    expect(judgeRestart(log, restart('adam', { previous_sha256: 'other' }))).toBe(false);
    expect(judgeRestart(log, restart('adam', { generation: 3, replaces: { generation: 2, epoch: 0 } }))).toBe(
      false,
    );
  });

  test('keeps the roles of those who take part, and nobody else', () => {
    const next = begin(restart('adam', { members: ['olga', 'adam'] }), 'next', {}, log);
    expect(next.roles).toEqual({ olga: 'owner', adam: 'admin' });
  });

  test.each([
    ['by a member', restart('mia')],
    ['by somebody who is not there', restart('nora')],
    ['with somebody who is not there', restart('olga', { members: ['olga', 'nora'] })],
    ['with keys that are over', restart('olga', { generation: 0 })],
    ['of nothing', restart('olga', { replaces: undefined })],
  ])('is refused %s', (_what, operation) => {
    expect(() => judgeRestart(log, operation)).toThrow(Forbidden);
  });
});

describe('who was brought in', () => {
  const late: Log = {
    ...log,
    roles: { olga: 'member', adam: 'member', mia: 'member', max: 'member' },
    unvouched: { by: 'olga', logHead: 'head', since: [] },
  };

  test('learns the roles, and takes what was allowed as it is', () => {
    const next = follow(late, promote('olga', 'mia', 'admin'), 'next');
    const vouched = vouch(next, { logHead: 'head', owners: ['olga'], admins: ['adam'] });
    expect(vouched?.forbidden).toEqual([]);
    expect(vouched?.log.roles).toEqual({ olga: 'owner', adam: 'admin', mia: 'admin', max: 'member' });
    expect(vouched?.log.unvouched).toBeUndefined();
  });

  test('learns the role of somebody with a name that is special to objects', () => {
    const joined = follow(late, { ...add('olga', named('__proto__')) }, 'next');
    const next = follow(joined, promote('olga', '__proto__', 'admin'), 'last');
    const vouched = vouch(next, { logHead: 'head', owners: ['olga'], admins: [] });
    expect(vouched?.forbidden).toEqual([]);
    expect(Object.entries(vouched?.log.roles ?? {})).toContainEqual(['__proto__', 'admin']);
  });

  test('learns of members without a device, unless they were removed since', () => {
    const told = { logHead: 'head', owners: ['olga', 'orla'], admins: [], deviceless: ['orla', 'mona'] };
    const vouched = vouch(late, told);
    expect(vouched?.log.roles).toMatchObject({ orla: 'owner', mona: 'member' });
    const next = follow(late, remove('olga', 'mona', []), 'next');
    expect(vouch(next, told)?.forbidden).toEqual([]);
    expect(vouch(next, told)?.log.roles).toMatchObject({ orla: 'owner' });
    expect(vouch(next, told)?.log.roles).not.toHaveProperty('mona');
  });

  test('is told when something was done that nobody may do', () => {
    judge(late, promote('mia', 'mia', 'owner'));
    const next = follow(late, promote('mia', 'mia', 'owner'), 'next');
    const vouched = vouch(next, { logHead: 'head', owners: ['olga'], admins: [] });
    expect(vouched?.forbidden).toEqual([{ by: 'mia', why: 'its author may not make mia owner' }]);
  });

  test('remembers what needs a role, and no more of it than can be told apart', () => {
    const quiet = follow(late, commit('mia', [], []), 'next');
    expect(quiet.unvouched?.since).toEqual([]);
    let busy = late;
    for (let number = 0; number < 1_000; number++) busy = follow(busy, rename('mia'), 'next');
    expect(busy.unvouched?.since.length).toBeLessThan(300);
    expect(vouch(busy, { logHead: 'head', owners: ['olga'], admins: [] })).toBeUndefined();
  });

  test('does not take roles for another place of the log', () => {
    expect(vouch(late, { logHead: 'other', owners: ['mia'], admins: [] })).toBeUndefined();
  });
});
