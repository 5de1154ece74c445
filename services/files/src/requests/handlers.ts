import { ProtocolError } from '@securechat/protocol';
import type { Ask, FilesRequests } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import type { Tokens } from '../access/tokens.ts';
import type { ChunkReader } from '../chunks/read-chunk.ts';
import type { Verifier } from '../chunks/verifier.ts';
import type { FileLife } from '../file-life.ts';
import type { Notices } from '../notices.ts';
import { type FileRow, factsOf } from '../store/file-row.ts';
import type { FileStore } from '../store/file-store.ts';
import { type OfferPolicy, storeOffer } from '../store/offers.ts';
import { checkForm } from './check-form.ts';

export type HandlerParts = {
  pool: Pool;
  files: FileStore;
  reader: ChunkReader;
  verifier: Verifier;
  life: FileLife;
  notices: Notices;
  tokens: Tokens;
  policy: OfferPolicy;
};

type Kind = Exclude<keyof FilesRequests, 'chunk' | 'chunk_request'>;
type Status = Extract<FilesRequests['status']['answer'], { ok: true }>['status'];
export type Handlers = { [K in Kind]: (ask: Extract<Ask<'files'>, { kind: K }>) => Promise<Status> };

/** Everything that a gateway may ask about files, except their bytes. All idempotent. Throws a ProtocolError. */
export function createHandlers(parts: HandlerParts): Handlers {
  const { pool, files, verifier, life, notices, tokens, policy } = parts;

  async function statusOf(file: FileRow, user: number): Promise<Status> {
    const isOnItsWay = file.state === 'uploading' && file.owner_id === user;
    const facts = factsOf(file, isOnItsWay ? await files.missing(file) : undefined);
    return { file_id: file.ext_id, state: facts.state, files: [facts] };
  }

  /** A file offered to this user by someone else. */
  async function offered(ask: { user: number; file_id: string }): Promise<FileRow> {
    const file = await files.findFor(ask.user, ask.file_id);
    if (!file || file.owner_id === ask.user) throw new ProtocolError('PERMISSION_DENIED');
    return file;
  }

  return {
    async offer(ask) {
      checkForm(ask);
      const { file, isNew } = await storeOffer(pool, ask, policy);
      const { file_id, conversation_id, user_id, file_size, chunk_size, total_chunks } = ask;
      if (isNew) {
        const offer = { file_id, conversation_id, user_id, file_size, chunk_size, total_chunks };
        notices.tell(await files.granted(file.id), 'file_offer', offer);
      }
      return { ...(await statusOf(file, ask.user)), access: await tokens.issue(ask) };
    },

    async accept(ask) {
      const file = await offered(ask);
      notices.tell([file.owner_id], 'file_accept', { file_id: ask.file_id, user_id: ask.user_id });
      return { ...(await statusOf(file, ask.user)), access: await tokens.issue(ask) };
    },

    async decline(ask) {
      const file = await offered(ask);
      await pool.query('UPDATE files.grants SET declined = true WHERE file_id = $1 AND user_id = $2', [
        file.id,
        ask.user,
      ]);
      notices.tell([file.owner_id], 'file_decline', { file_id: ask.file_id, user_id: ask.user_id });
      return { file_id: ask.file_id, state: 'gone' };
    },

    async cancel(ask) {
      const file = await files.findOwn(ask.user, ask.file_id);
      if (file) await life.end(file.id);
      return { file_id: ask.file_id, state: 'gone' };
    },

    async progress(ask) {
      const file = await files.findFor(ask.user, ask.file_id);
      if (!file) throw new ProtocolError('PERMISSION_DENIED');
      const { file_id, status, sha256, bytes_received, total_bytes, user_id } = ask;
      if (file.owner_id !== ask.user) {
        notices.tellProgress(file.owner_id, { file_id, status, bytes_received, total_bytes, user_id });
        return { file_id, state: file.state === 'removing' ? 'gone' : file.state };
      }
      if (status !== 'complete' || sha256 === undefined)
        throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/sha256' });
      const claim = { size: total_bytes, sha256: Buffer.from(sha256, 'base64') };
      return { file_id, state: await verifier.begin(file, claim) };
    },

    async status(ask) {
      const access = await tokens.issue(ask);
      if (ask.file_id !== undefined) {
        const file = await files.findFor(ask.user, ask.file_id);
        if (!file) return { file_id: ask.file_id, state: 'gone', access };
        return { ...(await statusOf(file, ask.user)), access };
      }
      const page = await files.list(ask.user, ask.after ?? '');
      const storage = await files.storageOf(ask.user);
      return { files: page.files.map((file) => factsOf(file)), more: page.more, storage, access };
    },
  };
}
