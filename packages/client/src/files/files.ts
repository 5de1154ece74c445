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
/** Content that is held by scripts; what is more, a browser keeps where it sees fit, on disk if it is much. */
const HELD_BYTES = 4 * 1024 * 1024;

/** What receivers are told of a file, nobody else is; and how the message with it is sent. */
export type SendFileOptions = SendOptions & { name?: string; mimeType?: string };

/** Files of conversations, encrypted on this device. Memory holds a few chunks, whatever their size. */
export interface Files {
  /** Resolves with the message in which the members are told of the file, once all of it is at the server and verified. */
  send(conversation: Conversation, source: FileSource, options?: SendFileOptions): Transfer<Message>;
  /** All of it, authentic. On Node in memory: `receiveInto` is for what is large. */
  receive(file: FileInfo): Transfer<Blob>;
  /** Part by part as it comes; rejects at the end when it is not whole, so that what was written has to be thrown away. */
  receiveInto(file: FileInfo, sink: WritableStream<Uint8Array>): Transfer<void>;
  /** What this user has at the server, page by page; `after` is the id of the last file of the page before. */
  stored(after?: string): Promise<StoredFiles>;
  /** Takes an own file from everybody and frees its room; so does `cancel` of one that is on its way. Also when it is gone. */
  remove(fileId: string): Promise<void>;
  /**
   * Like `conversation.deleteForEveryone`, and takes the file of an own message from everybody first: when that fails, nothing is deleted and it can
   * be asked for again.
   */
  deleteForEveryone(conversation: Conversation, messageId: string): Promise<void>;
}

/**
 * The part of the SDK for files. `http: false`: chunks go by the connection alone, as from a page that may reach nothing else.
 */
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
          // what is at the server is of no use to anybody
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

/** Whoever does not wait for the end is not ended by it. */
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
