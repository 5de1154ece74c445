export * from '../index.ts';
export { type NodePeerOptions, nodePeers } from './node-peer.ts';
export { openSqliteStore } from './sqlite.ts';
export { type TcpOptions, tcpTransport } from './tcp.ts';
export { type WebSocketOrTcpOptions, webSocketOrTcp } from './web-socket-or-tcp.ts';
