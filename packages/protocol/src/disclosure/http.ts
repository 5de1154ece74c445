import type { SignedDeviceList } from '../messages/device_list.ts';
import type { Declared, Fields } from './declared.ts';

const list: Declared<SignedDeviceList> = {
  user_id: 'user',
  account_key: 'publicKey',
  version: 'deviceList',
  previous_sha256: 'deviceList',
  created_at: 'deviceList',
  devices: {
    device_id: 'device',
    public_key: 'publicKey',
    created_at: 'deviceList',
    signature: 'deviceList',
  },
  signature: 'deviceList',
};
const proof = { timestamp: 'proof', signature: 'proof' } as const;
const authorization = { device_id: 'proof', timestamp: 'proof', signature: 'proof' } as const;
const token = { authorization: 'ticket' } as const;
const file = { ...token, id: 'file' } as const;
const chunk = { ...file, n: 'chunkNumber' } as const;

/** What clients' HTTP requests reveal, by route: path, body, and the headers that are read. */
export const http = {
  'GET /.well-known/securechat': {},
  'POST /v1/accounts': { list, proof, invite: 'admission', token: 'admission' },
  'POST /v1/accounts/:user_id/devices': { user_id: 'user', list, proof, authorization },
  'POST /v1/accounts/:user_id/devices/:device_id/revocation': { user_id: 'user', device_id: 'device', list },
  'POST /v1/accounts/:user_id/recovery': { user_id: 'user', list, proof },
  'PUT /v1/files/:id/chunks/:n': { ...chunk, body: 'chunk' },
  'POST /v1/files/:id/complete': { ...file, size: 'fileSize', sha256: 'fileHash' },
  'DELETE /v1/files/:id': file,
  'GET /v1/files': { ...token, after: 'pageStart' },
  'GET /v1/files/:id/status': file,
  'GET /v1/files/:id/chunks/:n': chunk,
  'HEAD /v1/files/:id': file,
  'GET /v1/files/:id': { ...file, range: 'pageStart', 'if-range': 'fileHash' },
} as const satisfies Record<string, Fields>;
