import { toHex } from './keys.ts';
import { encodeFrame } from './protocol.ts';
import { upstreamSamples } from './samples.ts';

const [[, ping], [, secondPing]] = upstreamSamples.ping as [[string, object], [string, object]];
const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

type FrameVector = {
  name: string;
  direction: 'up' | 'down';
  /** True when the reader's caps are those before login. */
  before_login?: true;
  bytes: string;
  /** Whole frames in `bytes`; `known` says whether the catalogue has the type in this direction. */
  frames: { type: number; payload: string; known: boolean }[];
  /** Bytes of an incomplete frame. */
  rest: number;
  /** The reader refuses the stream here; everything before was delivered. */
  error?: string;
  at?: string;
};

const MAGIC = '53434854';
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
const header = (type: number, length: number, version = 1, magic = MAGIC): string =>
  magic + hex(version, 4) + hex(length, 8) + hex(type, 4);

const PING = 0x0005;
const PONG = 0x0006;
const CHAT = 0x0301;
const UNKNOWN = 0x7f01;
const whole = toHex(encodeFrame(PING, text(ping)));
const pingFrame = { type: PING, payload: toHex(text(ping)), known: true };
const secondFrame = { type: PING, payload: toHex(text(secondPing)), known: true };
const second = header(PING, text(secondPing).length) + secondFrame.payload;

const refused = (
  name: string,
  bytes: string,
  error: string,
  at: string,
  more: Partial<FrameVector> = {},
): FrameVector => ({
  name,
  direction: 'up',
  bytes,
  frames: [],
  rest: 0,
  error,
  at,
  ...more,
});
const accepted = (
  name: string,
  bytes: string,
  frames: FrameVector['frames'],
  more: Partial<FrameVector> = {},
): FrameVector => ({
  name,
  direction: 'up',
  bytes,
  frames,
  rest: 0,
  ...more,
});

/** Byte streams from the start of a connection, and what the reader makes of them. */
export function frameVectors(): { cases: FrameVector[] } {
  const tooLarge = (
    name: string,
    type: number,
    length: number,
    more: Partial<FrameVector> = {},
  ): FrameVector => refused(name, header(type, length), 'FRAME_TOO_LARGE', 'length', more);
  const wrongMagic = (name: string, magic: string): FrameVector =>
    refused(name, header(PING, 2, 1, magic), 'INVALID_MESSAGE_FORMAT', 'magic');
  const wrongVersion = (version: number): FrameVector =>
    refused(`version ${version}`, header(PING, 2, version), 'UNSUPPORTED_VERSION', 'version');
  return {
    cases: [
      accepted('one frame', whole, [pingFrame]),
      accepted('two frames in one piece', whole + second, [pingFrame, secondFrame]),
      accepted('64 frames in one piece', whole.repeat(64), Array(64).fill(pingFrame)),
      accepted('nothing', '', []),
      accepted('half a header', header(PING, 2).slice(0, 12), [], { rest: 6 }),
      accepted('11 bytes of a header', header(PING, 2).slice(0, 22), [], { rest: 11 }),
      accepted('a header alone', header(PING, 2), [], { rest: 12 }),
      accepted('a frame without its last byte', whole.slice(0, -2), [], { rest: whole.length / 2 - 1 }),
      accepted('a frame and the first byte of the next', `${whole}53`, [pingFrame], { rest: 1 }),
      accepted('a frame without payload: whole, though no message', header(PING, 0), [
        { type: PING, payload: '', known: true },
      ]),
      accepted(
        'a type of nobody: delivered, then answered with UNKNOWN_TYPE',
        `${header(UNKNOWN, 2)}7b7d${whole}`,
        [{ type: UNKNOWN, payload: '7b7d', known: false }, pingFrame],
      ),
      accepted(
        'a type of nobody, downstream: to be ignored',
        `${header(UNKNOWN, 2)}7b7d`,
        [{ type: UNKNOWN, payload: '7b7d', known: false }],
        { direction: 'down' },
      ),
      accepted('a type of the other direction', `${header(PONG, 2)}7b7d`, [
        { type: PONG, payload: '7b7d', known: false },
      ]),
      accepted('the longest chat has only begun', header(CHAT, 65_536), [], { rest: 12 }),
      wrongMagic('magic of another protocol', '47455420'),
      wrongMagic('magic with its last bit wrong', '53434855'),
      wrongMagic('magic in little-endian order', '54484353'),
      wrongVersion(0),
      wrongVersion(2),
      wrongVersion(256),
      wrongVersion(65_535),
      tooLarge('a chat of 64 KiB and a byte', CHAT, 65_537),
      tooLarge('a length of 2^31', CHAT, 2 ** 31),
      tooLarge('a length of 2^32-1', CHAT, 2 ** 32 - 1),
      tooLarge('a length of 2^32-1 downstream', CHAT, 2 ** 32 - 1, { direction: 'down' }),
      tooLarge('a length in little-endian order', PING, 0x4000_0000),
      tooLarge('a type of nobody over the default of 16 KiB', UNKNOWN, 16_385),
      tooLarge('a chat over 4 KiB before login', CHAT, 4097, { before_login: true }),
      tooLarge('a type of nobody over 4 KiB before login', UNKNOWN, 4097, { before_login: true }),
      accepted('4 KiB before login have only begun', header(CHAT, 4096), [], {
        before_login: true,
        rest: 12,
      }),
      refused(
        'a good frame, then a bad magic',
        whole + header(PING, 2, 1, '00000000'),
        'INVALID_MESSAGE_FORMAT',
        'magic',
        {
          frames: [pingFrame],
        },
      ),
      refused(
        'bytes left over that are no header',
        `${whole}${'00'.repeat(12)}`,
        'INVALID_MESSAGE_FORMAT',
        'magic',
        {
          frames: [pingFrame],
        },
      ),
    ],
  };
}
