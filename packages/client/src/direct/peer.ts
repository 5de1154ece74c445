/** As browsers take it. */
export type IceServer = { readonly urls: string; readonly username?: string; readonly credential?: string };

/** Where an end can be reached, and for which part of its description. */
export type Candidate = { readonly candidate: string; readonly mid: string };

export type PeerEvents = {
  candidate(candidate: Candidate): void;
  open(): void;
  text(text: string): void;
  /** It has ended, and does not come back; may be told more than once. */
  lost(): void;
};

/**
 * One end of a data channel, whoever makes it: the browser, or a library in Node. Nothing is contacted before `offer` or `answer`.
 * The descriptions hold no candidates; those follow by the event.
 */
export interface Peer {
  offer(): Promise<string>;
  answer(offer: string): Promise<string>;
  /** What the other end has answered to `offer`. */
  accept(answer: string): Promise<void>;
  add(candidate: Candidate): Promise<void>;
  /** False when it is not open, or so much waits to go that no more is taken. */
  send(text: string): boolean;
  close(): void;
}

export type MakePeer = (servers: readonly IceServer[], events: PeerEvents) => Peer;

/** Both ends make the same channel, reliable and in order, so that none has to be announced. */
export const CHANNEL = { label: 'securechat', id: 0 } as const;

/** Bytes that may wait to go. What is beyond takes the relay alone, as everything does anyway. */
export const MAX_WAITING_BYTES = 1 << 20;
