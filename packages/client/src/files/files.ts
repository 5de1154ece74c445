import type { Client, Conversation, FileInfo, Message, SendOptions } from '../api/index.ts';
import { randomId } from '../bytes.ts';
import { insidesOf } from '../runtime/insides.ts';
import { download } from './download.ts';
import { Road } from './road.ts';
import { type FileSource, sizeOf } from './source.ts';
import { type StoredFiles, storedFiles } from './stored.ts';
import { Course, type Transfer } from './transfer.ts';
import { upload } from './upload.ts';

const ID_BYTES = 16;
/** Content held in script memory; beyond this the browser stores it where it sees fit, on disk if large. */
const HELD_BYTES = 4 * 1024 * 1024;

/** Name and type, which only receivers learn; and options of the message. */
export type SendFileOptions = SendOptions & { name?: string; mimeType?: string };

/** Files in conversations, encrypted on this device. A few chunks are in memory, whatever the size. */
export interface Files {
  /** Resolves with the message that announces the file, once the server has all of it and has verified it. */
  send(conversation: Conversation, source: FileSource, options?: SendFileOptions): Transfer<Message>;
  /** The whole file, authenticated. On Node it is held in memory: use `receiveInto` for large ones. */
  receive(file: FileInfo): Transfer<Blob>;
  /** Writes parts as they arrive; rejects at the end if the file is incomplete or wrong: then discard what was written. */
  receiveInto(file: FileInfo, sink: WritableStream<Uint8Array>): Transfer<void>;
  /** This user's files at the server, page by page; `after`: id of the last file of the previous page. */
  stored(after?: string): Promise<StoredFiles>;
  /** Deletes an own file for everybody and frees its quota, as `cancel` does during an upload. Succeeds if it is already gone. */
  remove(fileId: string): Promise<void>;
  /**
   * Like `conversation.deleteForEveryone`, but first deletes the file of an own message for everybody. If that fails, nothing is deleted,
   * and the call can be repeated.
   */
  deleteForEveryone(conversation: Conversation, messageId: string): Promise<void>;
}

/** Opens the file part of the SDK. `http: false`: send chunks only over the connection, e.g. where a page may not reach other addresses. */
export function openFiles(client: Client, { http = true }: { http?: boolean } = {}): Files {
  const wire = insidesOf(client).connection;
  const remove = async (fileId: string): Promise<void> => {
    await wire.request('file_cancel', { file_id: fileId });
  };

  return {
    send(conversation, source, options = {}) {
      const fileId = randomId('f_', ID_BYTES);
      const course = new Course(sizeOf(source));
      const road = new Road(wire, course.signal, http);
      const { name = nameOf(source), mimeType = typeOf(source), ...how } = options;
      const described = { fileId, name, mimeType, conversationId: conversation.id };
      const done = upload(source, described, road, course)
        .then((file) => conversation.share(file, how))
        .catch(async (error: unknown) => {
          // the incomplete upload is of no use to anybody
          await wire.request('file_cancel', { file_id: fileId }).catch(() => undefined);
          throw error;
        });
      return begun(course, fileId, done);
    },

    receive(file) {
      const course = new Course(file.size);
      return begun(course, file.fileId, blobOf(file, new Road(wire, course.signal, http), course));
    },

    receiveInto(file, sink) {
      const course = new Course(file.size);
      const road = new Road(wire, course.signal, http);
      return begun(course, file.fileId, pour(download(file, road, course), sink));
    },

    stored: (after) => storedFiles(wire, after),

    remove,

    async deleteForEveryone(conversation, messageId) {
      const message = await conversation.message(messageId);
      if (message?.isOwn && message.body.type === 'file') await remove(message.body.fileId);
      await conversation.deleteForEveryone(messageId);
    },
  };
}

/** Failures are reported through `done`; a caller not awaiting it gets no unhandled rejection. */
function begun<T>(course: Course, fileId: string, done: Promise<T>): Transfer<T> {
  done.catch(() => undefined);
  return course.asTransfer(fileId, done);
}

async function blobOf(file: FileInfo, road: Road, course: Course): Promise<Blob> {
  const blobs: Blob[] = [];
  let held: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const part of download(file, road, course)) {
    held.push(part);
    bytes += part.length;
    if (bytes < HELD_BYTES) continue;
    blobs.push(new Blob(held));
    held = [];
    bytes = 0;
  }
  return new Blob([...blobs, ...held], { type: file.mimeType });
}

async function pour(parts: AsyncIterable<Uint8Array>, sink: WritableStream<Uint8Array>): Promise<void> {
  const writer = sink.getWriter();
  try {
    for await (const part of parts) await writer.write(part);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
}

const nameOf = (source: FileSource): string =>
  'name' in source && source.name ? String(source.name) : 'file';
const typeOf = (source: FileSource): string =>
  'type' in source && source.type ? String(source.type) : 'application/octet-stream';
