export { type Direct, type DirectEvents, type DirectOptions, openDirect } from './direct.ts';
export type { Path } from './line.ts';
export type { Candidate, IceServer, MakePeer, Peer, PeerEvents } from './peer.ts';
