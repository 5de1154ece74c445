/** Frames that lie one behind the other in one piece of memory: half a million of their own would be looked through by each collection of the generator's garbage. */
export class FramesOfRoute {
  readonly #bytes: Buffer;
  readonly #ends: Uint32Array;

  constructor(frames: readonly Uint8Array[]) {
    this.#bytes = Buffer.concat(frames);
    let end = 0;
    this.#ends = Uint32Array.from(frames, (frame) => (end += frame.length));
  }

  /** The first is 0. */
  at(index: number): Uint8Array | undefined {
    const end = this.#ends[index];
    return end === undefined ? undefined : this.#bytes.subarray(index === 0 ? 0 : this.#ends[index - 1], end);
  }
}
