import { HEADER_BYTES } from '../limits.ts';
import { readHeader } from './header.ts';

/** A whole frame. `payload` may be a view of the chunk it came in: use it before the next read. */
export type Frame = { type: number; payload: Uint8Array };

/** Allocation starts small, so that announcing a long frame costs the announcer, not the server. */
const FIRST_ALLOCATION_BYTES = 4096;

/**
 * Splits a byte stream into frames, for both transports. Chunks may end anywhere.
 *
 * HEADER: fewer than 12 bytes of the next frame have arrived; they are kept. Left when the twelfth arrives and the
 *   header is valid; an invalid one throws before any payload is kept.
 * PAYLOAD: the header is known; bytes are collected in a buffer that grows with what has arrived, never beyond the
 *   announced length. Left when the frame is complete.
 *
 * After a throw the reader must not be used again. A frame that lies entirely within one chunk is not copied.
 */
export class FrameReader {
  readonly #limitFor: (type: number) => number;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerBytes = 0;
  #type = 0;
  #length = 0;
  #payload: Uint8Array | undefined;
  #payloadBytes = 0;

  constructor(limitFor: (type: number) => number) {
    this.#limitFor = limitFor;
  }

  /** True between frames: nothing of a next frame has arrived. */
  get isBetweenFrames(): boolean {
    return this.#headerBytes === 0;
  }

  /** Calls `onFrame` for each frame that `chunk` completes. Throws a fatal `ProtocolError` for a bad header. */
  read(chunk: Uint8Array, onFrame: (frame: Frame) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#headerBytes === 0 && chunk.length - at >= HEADER_BYTES) {
        const { type, length } = readHeader(chunk, at, this.#limitFor);
        const end = at + HEADER_BYTES + length;
        if (end <= chunk.length) {
          onFrame({ type, payload: chunk.subarray(at + HEADER_BYTES, end) });
          at = end;
          continue;
        }
      }
      at = this.#payload === undefined ? this.#collectHeader(chunk, at) : this.#collectPayload(chunk, at);
      if (this.#payload !== undefined && this.#payloadBytes === this.#length) this.#finish(onFrame);
    }
  }

  #collectHeader(chunk: Uint8Array, at: number): number {
    const taken = Math.min(HEADER_BYTES - this.#headerBytes, chunk.length - at);
    this.#header.set(chunk.subarray(at, at + taken), this.#headerBytes);
    this.#headerBytes += taken;
    if (this.#headerBytes === HEADER_BYTES) {
      const { type, length } = readHeader(this.#header, 0, this.#limitFor);
      this.#type = type;
      this.#length = length;
      this.#payload = new Uint8Array(Math.min(length, FIRST_ALLOCATION_BYTES));
      this.#payloadBytes = 0;
    }
    return at + taken;
  }

  #collectPayload(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#length - this.#payloadBytes, chunk.length - at);
    const target = this.#roomFor(this.#payloadBytes + taken);
    target.set(chunk.subarray(at, at + taken), this.#payloadBytes);
    this.#payloadBytes += taken;
    return at + taken;
  }

  #roomFor(bytes: number): Uint8Array {
    const payload = this.#payload ?? new Uint8Array(0);
    if (bytes <= payload.length) return payload;
    const grown = new Uint8Array(Math.min(this.#length, Math.max(bytes, payload.length * 2)));
    grown.set(payload.subarray(0, this.#payloadBytes));
    this.#payload = grown;
    return grown;
  }

  #finish(onFrame: (frame: Frame) => void): void {
    const payload = (this.#payload ?? new Uint8Array(0)).subarray(0, this.#length);
    this.#payload = undefined;
    this.#headerBytes = 0;
    onFrame({ type: this.#type, payload });
  }
}
