import { expect, test } from '@jest/globals';
import { encodeBase64 } from '@securechat/protocol';
import { gzip } from '../content/gzip.ts';
import { victim } from '../conversations/testing/victim.ts';
import { takePiece } from './transfer.ts';

const piece = async (value: unknown) =>
  encodeBase64(await gzip(new Uint8Array(Buffer.from(JSON.stringify(value)))));
const only = { tell: 'history', transfer: 't_1', index: 0, left: 0 } as const;
const line = { id: 'c_1', kind: 'group', name: '', lines: [{ position: '~1', entry: {} }] };
const history = { version: 1, userId: 'victim' };

test.each<[string, object]>([
  ['has too many pieces', { left: 500, piece: '' }],
  ['has a piece that is too large', { piece: encodeBase64(new Uint8Array(21_001)) }],
  ['is no gzip', { piece: encodeBase64(new Uint8Array(10)) }],
  ['is no history', { piece: await piece({ version: 1, userId: 'victim', conversations: [null] }) }],
  ['has lines that are none', { piece: await piece({ ...history, conversations: [line] }) }],
  ['is of somebody else', { piece: await piece({ ...history, userId: 'eve', conversations: [] }) }],
])('a transfer that %s is told, and nothing of it is kept', async (_what, fields) => {
  const { core, alarms, disk } = await victim([]);
  await takePiece(core, { ...only, piece: '', ...fields });
  expect(alarms).toMatchObject([{ type: 'undecryptable' }]);
  expect(disk.keys('', '~')).toEqual([]);
});
