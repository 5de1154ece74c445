/**
 * The two version numbers of the protocol and what each promises.
 *
 * `FRAME_VERSION` is in every 12-byte header; it changes only when the header or the meaning of the bytes after it
 * changes. `PROTOCOL_VERSION` is in `client_hello.version`; its minor part grows when messages or fields are added,
 * its major part when an old client could misread a new server. `version.test.ts` hashes the whole catalogue and
 * fails until a line is added to the history below.
 */
export const FRAME_VERSION = 0x0001;
export const SUPPORTED_FRAME_VERSIONS: readonly number[] = [FRAME_VERSION];

export const PROTOCOL_VERSION = '1.0';
export const SUPPORTED_PROTOCOL_VERSIONS: readonly string[] = [PROTOCOL_VERSION];

/** One line per change of the wire contract, newest last: date, hash of the catalogue, why. */
export const CATALOG_HISTORY: readonly { date: string; hash: string; why: string }[] = [
  {
    date: '2026-11-23',
    hash: 'f9959add6fd7435fa0dbe7c7a4479aef4ca6fcccae920f6b2e4a4560f865cb0b',
    why: 'first catalogue: login, direct conversations, delivery',
  },
  {
    date: '2026-11-26',
    hash: '69fae4e973bda3e0a35194b4af3924f039ea5de4932ae85c021f1a66a0f36ce5',
    why: 'CAPABILITY_MISSING, and which type needs which capability',
  },
  {
    date: '2026-11-26',
    hash: 'a433a6a77fbe34dd02096f03bb73d5b133900e0814fbe5ca7ef49638d0e80df8',
    why: 'blocks: block, unblock, block_list',
  },
  {
    date: '2026-11-26',
    hash: '73b8663e78103d364469af3dea55ba7bbd90424ba17da5ea75756e6477f943d7',
    why: 'revoked devices: close code 4505; further devices are agreed to by an earlier one: device-link',
  },
  {
    date: '2026-11-26',
    hash: '003fea05bbac247357f82e5807e46a161a351b3e7d1ea7a144912b8b50f16aa3',
    why: 'history_truncated: what is dropped from a mailbox that holds too much is told',
  },
  {
    date: '2026-11-26',
    hash: '09e69e2edfaf12712bdb8a2c9ac770455de00b3280dc15885583ec85644e6aad',
    why: 'key packages: key_exchange, key_bundle_request, key_bundle, key_count',
  },
  {
    date: '2026-11-26',
    hash: '5005de073f62c51774fcc70cbb3be544d48f9945c8b0bc71d964cad9fedc90b7',
    why: 'service keys can change: server_hello.handovers, service-key-handover',
  },
  {
    date: '2026-11-26',
    hash: '5a14bcddce757e785d34ade2c6382d2f97702cec28cb1c094a6e2804ed8b259c',
    why: 'groups: family 04, generation in envelopes, STALE_LOG, COMMIT_REQUIRED, LAST_OWNER, GROUP_FULL, receipt_privacy',
  },
  {
    date: '2026-11-26',
    hash: '7b7b6b99ee860fae518454efeaad490dfe51c34f5743c22a66d0ce38039806ad',
    why: 'bans: group_member_remove.ban, group_update.ban, group_info.banned; commit_required of group_info is bounded',
  },
  {
    date: '2026-11-27',
    hash: '853fbbde9f92e31e28c61fc937038f8109b3d33dec17c3ee2be18fe058e61e2d',
    why: 'presence: presence, presence_subscribe, presence_privacy, typing, and the capability of the server',
  },
  {
    date: '2026-11-27',
    hash: '4482c60948b5730b0076e3f811f07d0a9575d2a1dc9b6056c61da3844b4ea034',
    why: 'direct connections: family 06, turn_credentials, the context p2p, SESSION_TAKEN',
  },
  {
    date: '2026-11-27',
    hash: 'f5abf775488ee6010beaa58b4702fe2638ed24f47780cca69cca1abaff09fa17',
    why: 'files: family 05, FILE_INCOMPLETE, FILE_CORRUPT, STORAGE_FULL',
  },
  {
    date: '2026-11-27',
    hash: '89055633496b134dc33d4ef15e970d6c15ab049bd8b178094248f06248a2a1f1',
    why: 'the log of device lists: key_log, key_log_proof, kt-head',
  },
  {
    date: '2026-11-27',
    hash: 'ef22e177ad5ab8e5995c9a175f554e63d9cdfc9d0398494056def321aef8a7e4',
    why: 'push: push_subscribe, push_unsubscribe',
  },
  {
    date: '2026-11-27',
    hash: '6be416d52e6b06733a25006433c44448b03618d3ac1c68db34a4fae06ba1202c',
    why: 'what goes directly between two devices: the context p2p-message',
  },
];
