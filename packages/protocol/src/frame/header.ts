import { ProtocolError } from '../errors.ts';
import { HEADER_BYTES } from '../limits.ts';
import { FRAME_VERSION, SUPPORTED_FRAME_VERSIONS } from '../version.ts';

/**
 * The 12 bytes before every payload, all big-endian:
 *
 *     0       4       6           10      12
 *     | magic | vers. |  length   | type  | payload (length bytes) …
 *       SCHT    0x0001  payload     id
 */
export const MAGIC = 0x53434854;

export type FrameHeader = { type: number; length: number };

export function writeHeader(target: Uint8Array, type: number, length: number): void {
  const view = new DataView(target.buffer, target.byteOffset, HEADER_BYTES);
  view.setUint32(0, MAGIC);
  view.setUint16(4, FRAME_VERSION);
  view.setUint32(6, length);
  view.setUint16(10, type);
}

/**
 * Reads the header at `offset`, where 12 bytes must be present. `limitFor` returns the payload cap of a type. Every
 * refusal here is fatal: the start of the next frame can no longer be trusted.
 */
export function readHeader(
  bytes: Uint8Array,
  offset: number,
  limitFor: (type: number) => number,
): FrameHeader {
  const at = (index: number): number => bytes[offset + index] ?? 0;
  const u16 = (index: number): number => (at(index) << 8) | at(index + 1);
  // Multiplied, not shifted: a length above 2^31 must not become negative.
  const u32 = (index: number): number => u16(index) * 0x10000 + u16(index + 2);

  if (u32(0) !== MAGIC) throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: 'magic' }, { fatal: true });
  if (!SUPPORTED_FRAME_VERSIONS.includes(u16(4))) {
    throw new ProtocolError(
      'UNSUPPORTED_VERSION',
      { supported_versions: [...SUPPORTED_FRAME_VERSIONS] },
      { fatal: true },
    );
  }
  const header = { type: u16(10), length: u32(6) };
  const limit = limitFor(header.type);
  if (header.length > limit) throw new ProtocolError('FRAME_TOO_LARGE', { limit }, { fatal: true });
  return header;
}
