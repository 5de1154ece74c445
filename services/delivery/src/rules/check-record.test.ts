import { expect, test } from '@jest/globals';
import { PoisonError } from '@securechat/kernel';
import type { OrderedRecord } from '@securechat/protocol/internal';
import { ackFrom, chatFrom, createBy, readBy } from '../testing/records.ts';
import { checkForm, checkOrigin, hashOf } from './check-record.ts';

const phone = { user: 1, device: 11, address: 'alice:phone' };
const alice = { name: 'alice', user: 1, devices: [phone] };
const bob = { name: 'bob', user: 2, devices: [{ user: 2, device: 21, address: 'bob:phone' }] };
const heads = [
  chatFrom(phone, { conversation: 'c_1', a: alice, b: bob }, 1),
  createBy(alice, bob),
  ackFrom(phone, 1),
  readBy(phone, 'c_1', 1),
].map(({ value }) => value.head);

test.each(heads.map((head) => [head.type, head] as const))(
  '%s: each of its fields is needed but the optional',
  (_, head) => {
    expect(() => checkOrigin(head)).not.toThrow();
    expect(() => checkForm(head)).not.toThrow();
    for (const name of Object.keys(head).filter((key) => key !== 'knows_commits')) {
      const { [name as 'type']: _gone, ...rest } = head;
      const lacking = rest as unknown as OrderedRecord;
      const isOfOrigin = ['gateway', 'connection', 'user', 'device', 'at'].includes(name);
      if (isOfOrigin) expect(() => checkOrigin(lacking)).toThrow(RangeError);
      else expect(() => checkForm(lacking)).toThrow(PoisonError);
    }
  },
);

test('a type that every object has by nature is none of ours', () => {
  for (const type of ['toString', '__proto__', 'reaction', undefined]) {
    expect(() => checkForm({ ...heads[0], type } as unknown as OrderedRecord)).toThrow('unknown type');
  }
});

test('a hash has 32 bytes', () => {
  expect(hashOf({ hash: Buffer.alloc(32, 9).toString('base64') })).toEqual(Buffer.alloc(32, 9));
  for (const bytes of [0, 31, 33]) {
    expect(() => hashOf({ hash: Buffer.alloc(bytes).toString('base64') })).toThrow(PoisonError);
  }
});
