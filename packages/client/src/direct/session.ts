import { E2eeError } from '@securechat/crypto/e2ee';
import type { Clock } from '../clock.ts';
import { BadContent } from '../content/shape.ts';
import type { Core } from '../conversations/core.ts';
import type { EarlySaid } from './early.ts';
import { openFrame, sealFrame } from './frames.ts';
import type { Candidate, IceServer, MakePeer, Peer } from './peer.ts';
import { ReplayWindow } from './replay-window.ts';
import { MAX_CANDIDATES, type SignalBody, type SignalName } from './signals.ts';

/** From a round's description to an open channel. */
const CONNECT_MS = 20_000;
/** Each end sends a sign of life this often, and gives the other up after `SILENCE_MS`. */
const BEAT_MS = 5_000;
const SILENCE_MS = 15_000;
/** Delay before the next round, by the number of failures since the channel was last open. */
const PAUSES_MS = [500, 5_000, 15_000, 60_000];
/** The called end starts no rounds; it waits a little longer than the longest pause. */
const PATIENCE_MS = 100_000;
/** Candidates are sent in batches. */
const BATCH_MS = 100;
/** Frames waiting to be decrypted; the other end sends as fast as it likes. Further ones come with the server's copy. */
const MAX_UNHEARD = 256;
/** An end has about ten candidates; more than this per round are ignored. */
const MAX_TAKEN = 64;

export type SessionParts = {
  readonly core: Core;
  readonly clock: Clock;
  readonly makePeer: MakePeer;
  /** Called for each round, so that credentials are fresh; both ends have agreed by then. */
  servers(): Promise<readonly IceServer[]>;
  signal(type: SignalName, body: SignalBody): Promise<void>;
  /** Called in sending order. */
  heard(said: EarlySaid): Promise<void>;
  changed(): void;
  /** Something was ignored, or a round failed, and why. */
  failed(error: unknown): void;
  /** The session is over; nobody needs to be told. */
  ended(): void;
  readonly id: string;
  readonly conversationId: string;
  readonly isCaller: boolean;
  readonly other: { readonly userId: string; readonly deviceId: string };
};

/**
 * Two devices that have agreed to connect directly.
 *
 * waiting     no round in progress. The caller starts one after a pause; the called ends the session if none comes
 * connecting  descriptions and candidates are exchanged. Left by an open channel, or back to waiting after 20 s
 * open        frames flow both ways. Back to waiting when the channel breaks or nothing is heard for 15 s
 * ended       entered only by `end`
 */
export class Session {
  state: 'waiting' | 'connecting' | 'open' | 'ended' = 'waiting';
  readonly #parts: SessionParts;
  readonly #window = new ReplayWindow();
  #peer: Peer | undefined;
  #round = 0;
  #failures = 0;
  #sequence = 0;
  #heardAtMs = 0;
  #taken = 0;
  #unheard = 0;
  #cancelTimer: (() => void) | undefined;
  /** Own candidates not sent yet; none is sent before its description. */
  #candidates: Candidate[] = [];
  #isDescribed = false;
  #cancelBatch: (() => void) | undefined;
  /** Signals and frames are processed one at a time. */
  #turn: Promise<void> = Promise.resolve();
  #sending: Promise<boolean> = Promise.resolve(true);

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** The conversation, and the two devices. */
  get place(): Pick<SessionParts, 'id' | 'conversationId' | 'other'> {
    return this.#parts;
  }

  /** Both have agreed. */
  begin(): void {
    if (this.#parts.isCaller) this.#inTurn(() => this.#offer());
    else this.#wait(PATIENCE_MS, () => this.end());
  }

  take(type: SignalName, body: SignalBody): void {
    if (type === 'p2p_bye') return this.end();
    this.#inTurn(() => this.#take(type, body));
  }

  /** Returns whether it went into the channel; delivery is not guaranteed. */
  say(said?: EarlySaid): Promise<boolean> {
    this.#sending = this.#sending
      .then(() => this.#send(said))
      .catch((error: unknown) => {
        this.#parts.failed(error);
        return false;
      });
    return this.#sending;
  }

  async #send(said: EarlySaid | undefined): Promise<boolean> {
    const { core, conversationId, id: sessionId } = this.#parts;
    if (this.state !== 'open') return false;
    const frame = await sealFrame(core, { conversationId, sessionId }, ++this.#sequence, said);
    return this.state === 'open' && this.#peer?.send(frame) === true;
  }

  end(): void {
    if (this.state === 'ended') return;
    this.#enter('ended');
    this.#drop();
    this.#parts.ended();
  }

  async #take(type: SignalName, { round, sdp, candidates }: SignalBody): Promise<void> {
    if (round === undefined || this.state === 'ended') return;
    if (type === 'p2p_offer' && sdp !== undefined) return await this.#answer(round, sdp);
    if (round !== this.#round || !this.#peer) return;
    if (type === 'p2p_answer' && sdp !== undefined) await this.#peer.accept(sdp);
    for (const candidate of candidates ?? []) if (this.#taken++ < MAX_TAKEN) await this.#peer.add(candidate);
  }

  async #offer(): Promise<void> {
    if (this.state === 'ended') return;
    const round = this.#round + 1;
    const peer = await this.#connect(round);
    const sdp = await peer.offer();
    await this.#parts.signal('p2p_offer', { round, sdp });
    this.#described(round);
  }

  /** Rounds only increase: a replayed description is not accepted again. */
  async #answer(round: number, offer: string): Promise<void> {
    if (this.#parts.isCaller || round <= this.#round) return;
    const peer = await this.#connect(round);
    const sdp = await peer.answer(offer);
    await this.#parts.signal('p2p_answer', { round, sdp });
    this.#described(round);
  }

  async #connect(round: number): Promise<Peer> {
    this.#drop();
    this.#round = round;
    this.#taken = 0;
    this.#enter('connecting');
    this.#wait(CONNECT_MS, () => this.#lost(round));
    const servers = await this.#parts.servers();
    const isOurs = (): boolean => this.#round === round && this.state !== 'ended';
    const peer = this.#parts.makePeer(servers, {
      candidate: (candidate) => isOurs() && this.#tell(candidate),
      open: () => isOurs() && this.#opened(),
      text: (text) => isOurs() && this.#unheard < MAX_UNHEARD && this.#hearInTurn(text),
      lost: () => isOurs() && this.#lost(round),
    });
    this.#peer = peer;
    return peer;
  }

  #opened(): void {
    const { clock } = this.#parts;
    this.#failures = 0;
    this.#heardAtMs = clock.monotonicMs();
    this.#enter('open');
    this.#beat();
  }

  #beat(): void {
    if (this.#parts.clock.monotonicMs() - this.#heardAtMs > SILENCE_MS) return this.#lost(this.#round);
    void this.say();
    this.#wait(BEAT_MS, () => this.#beat());
  }

  #lost(round: number): void {
    if (round !== this.#round || this.state === 'waiting' || this.state === 'ended') return;
    this.#drop();
    this.#enter('waiting');
    const pauseMs = PAUSES_MS[Math.min(this.#failures++, PAUSES_MS.length - 1)] ?? 0;
    if (this.#parts.isCaller) this.#wait(pauseMs, () => this.#inTurn(() => this.#offer()));
    else this.#wait(PATIENCE_MS, () => this.end());
  }

  #hearInTurn(text: string): void {
    this.#unheard++;
    this.#inTurn(() => this.#hear(text).finally(() => this.#unheard--));
  }

  async #hear(text: string): Promise<void> {
    const { core, clock, conversationId, id: sessionId, other, heard } = this.#parts;
    const { sequence, said } = await openFrame(core, { conversationId, sessionId }, other, text);
    if (!this.#window.take(sequence)) throw new BadContent('said before');
    this.#heardAtMs = clock.monotonicMs();
    if (said) await heard(said);
  }

  #tell(candidate: Candidate): void {
    this.#candidates.push(candidate);
    if (this.#isDescribed) this.#cancelBatch ??= this.#parts.clock.after(BATCH_MS, () => this.#tellBatch());
  }

  #described(round: number): void {
    if (round !== this.#round) return;
    this.#isDescribed = true;
    this.#tellBatch();
  }

  #tellBatch(): void {
    this.#cancelBatch = undefined;
    const candidates = this.#candidates.splice(0, MAX_CANDIDATES);
    if (candidates.length === 0) return;
    if (this.#candidates.length > 0)
      this.#cancelBatch = this.#parts.clock.after(BATCH_MS, () => this.#tellBatch());
    const round = this.#round;
    this.#inTurn(() => this.#parts.signal('p2p_candidate', { round, candidates }));
  }

  /** Invalid input from the other end is ignored; a local failure ends the round. */
  #inTurn(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((error: unknown) => {
      this.#parts.failed(error);
      if (!isOfOther(error)) this.#lost(this.#round);
    });
  }

  #drop(): void {
    this.#cancelTimer?.();
    this.#cancelBatch?.();
    this.#cancelBatch = undefined;
    this.#candidates = [];
    this.#isDescribed = false;
    const peer = this.#peer;
    this.#peer = undefined;
    peer?.close();
  }

  #wait(ms: number, work: () => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#parts.clock.after(ms, work);
  }

  #enter(state: Session['state']): void {
    this.state = state;
    this.#parts.changed();
  }
}

/** The other end sent something that cannot be read. */
function isOfOther(error: unknown): boolean {
  return error instanceof E2eeError || error instanceof BadContent;
}
