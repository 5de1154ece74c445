/**
 * The two version numbers of the protocol and what each one promises.
 *
 * `FRAME_VERSION` stands in every 12-byte header; it changes only when the header or the meaning of the
 * bytes after it changes. `PROTOCOL_VERSION` stands in `client_hello.version`; its minor part grows when
 * messages or fields are added, its major part when an old client could misread a new server.
 * `version.test.ts` hashes the whole catalogue and fails until a line is added to the history below.
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
];
