import { createHash } from 'node:crypto';
import { keyId } from '@securechat/crypto/sign';
import { type KeyLogHead, keyLogCover, keyLogLabel, transcript } from '@securechat/protocol';
import type { Refused } from '@securechat/protocol/internal';
import type { KeyLogSize } from '../store/key-log-store.ts';
import type { HandlerOptions, Handlers } from './handlers.ts';

type Parts = Pick<HandlerOptions, 'keyLog' | 'serviceKeys' | 'clock'>;

/** The log's entries from a position on, and its current head, signed. */
export function createKeyLog({ keyLog, serviceKeys, clock }: Parts): Handlers['key_log'] {
  const signed = ({ size, root }: KeyLogSize): KeyLogHead => {
    const facts = {
      ...{ size, root: root.toString('base64') },
      created_at: Math.floor(clock.now() / 1000),
      service_key_id: keyId(serviceKeys.current.publicKey),
    };
    const signature = serviceKeys.current.sign(transcript('kt-head', facts)).toString('base64');
    return { ...facts, signature };
  };
  return async ({ from }) => {
    const { entries, ...newest } = await keyLog.entriesFrom(from);
    return { head: signed(newest), entries: entries.toString('base64') };
  };
}

/** Proofs are hashes of subtrees; the asker combines them. */
export function createKeyLogProof({ keyLog }: Parts): Handlers['key_log_proof'] {
  return async ({ size, list, first }) => {
    if ((list === undefined) === (first === undefined)) return malformed('/list');
    if (size > (await keyLog.newest()).size) return malformed('/size');
    if (list === undefined)
      return first === undefined || first > size ? malformed('/first') : proof(first, first);
    const label = createHash('sha256').update(keyLogLabel(list.user_id)).digest();
    const position = await keyLog.find(label, Buffer.from(list.sha256, 'base64'));
    if (position === undefined) return { ok: true, hashes: '' };
    if (position >= size) return { ok: true, position, hashes: '' };
    return { ...(await proof(position, position + 1)), position };

    /** Hashes of everything before `from` and from `to` on. */
    async function proof(from: number, to: number): Promise<{ ok: true; hashes: string }> {
      const hashes = await keyLog.hashesOf([...keyLogCover(0, from), ...keyLogCover(to, size)]);
      return { ok: true, hashes: hashes.toString('base64') };
    }
  };
}

const malformed = (path: string): Refused => ({
  ok: false,
  error: 'INVALID_MESSAGE_FORMAT',
  detail: { path },
});
