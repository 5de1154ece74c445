import { describe, expect, test } from '@jest/globals';
import { encodeUpstream } from '@securechat/protocol';
import { bytesOf, inspect } from './frame.ts';

const ping = encodeUpstream('ping', { type: 'ping', timestamp: 1_700_000_000, sequence: 7 });

describe('the inspector of frames', () => {
  test.each<[string, Buffer]>([
    ['binary', Buffer.from(ping)],
    ['hexadecimal', Buffer.from(`${Buffer.from(ping).toString('hex')}\n`)],
    ['base64', Buffer.from(Buffer.from(ping).toString('base64'))],
  ])('reads %s', (_, input) => {
    expect(inspect(bytesOf(input))).toEqual([
      expect.objectContaining({
        name: 'ping',
        payload: expect.objectContaining({ type: 'ping', sequence: 7 }),
      }),
    ]);
  });

  test('shows several frames, and says why one would be refused', () => {
    const wrong = Buffer.from(ping);
    wrong.write('pong', wrong.indexOf('ping'));
    const [first, second] = inspect(Buffer.concat([ping, wrong]));
    expect(first?.fault).toBeUndefined();
    expect(second).toMatchObject({ payload: { type: 'pong' }, fault: expect.stringContaining('/type') });
  });

  test('says where something else begins, or what is cut off', () => {
    expect(() => inspect(Buffer.concat([ping, Buffer.from('no frame at all')]))).toThrow('After 1 frames');
    expect(() => inspect(ping.subarray(0, -1))).toThrow('cut off');
  });
});
