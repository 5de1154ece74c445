/** In the form browsers take. */
export type IceServer = { readonly urls: string; readonly username?: string; readonly credential?: string };

/** An address at which an end can be reached, and the media section of its description. */
export type Candidate = { readonly candidate: string; readonly mid: string };

export type PeerEvents = {
  candidate(candidate: Candidate): void;
  open(): void;
  text(text: string): void;
  /** It ended for good; may be called more than once. */
  lost(): void;
};

/**
 * One end of a data channel, made by the browser or by a library on Node. Contacts nothing before `offer` or `answer`. Descriptions
 * contain no candidates; those follow as events.
 */
export interface Peer {
  offer(): Promise<string>;
  answer(offer: string): Promise<string>;
  /** The other end's answer to `offer`. */
  accept(answer: string): Promise<void>;
  add(candidate: Candidate): Promise<void>;
  /** Returns false when it is not open or its send buffer is full. */
  send(text: string): boolean;
  close(): void;
}

export type MakePeer = (servers: readonly IceServer[], events: PeerEvents) => Peer;

/** Both ends create the same reliable, ordered channel, so none has to be announced. */
export const CHANNEL = { label: 'securechat', id: 0 } as const;

/** Bytes allowed in the send buffer. Anything beyond goes only through the server, as everything does anyway. */
export const MAX_WAITING_BYTES = 1 << 20;
