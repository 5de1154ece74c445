import { expect, test } from '@jest/globals';
import { encodeBase64 } from '@securechat/protocol';
import { gzip } from '../content/gzip.ts';
import { victim } from '../conversations/testing/victim.ts';
import { sweepTransfers, takePiece } from './transfer.ts';

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
  expect(alarms).toMatchObject([{ type: 'unreadable-history' }]);
  expect(disk.keys('', '~')).toEqual([]);
});

test('of transfers that never end the newest two are kept, and those for a week', async () => {
  const { core, disk } = await victim([]);
  let nowMs = Date.now();
  const clocked = { ...core, now: () => nowMs };
  const pieces = () => disk.keys('transfer/', '~').filter((key) => key.startsWith('transfer/'));
  for (const transfer of ['t_1', 't_2', 't_3']) {
    nowMs += 1;
    await takePiece(clocked, { ...only, transfer, left: 1, piece: encodeBase64(new Uint8Array(10)) });
  }
  expect(pieces()).toEqual(['transfer/t_2/0000', 'transfer/t_3/0000']);
  nowMs += 7 * 24 * 3_600_000;
  await sweepTransfers(clocked);
  expect(pieces()).toEqual(['transfer/t_3/0000']);
  nowMs += 1;
  await sweepTransfers(clocked);
  expect(disk.keys('', '~')).toEqual([]);
});
