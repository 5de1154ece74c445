export * from '../index.ts';
export { openSqliteStore } from './sqlite.ts';
export { type TcpOptions, tcpTransport } from './tcp.ts';
