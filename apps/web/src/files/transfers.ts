import type { Client, Conversation, FileInfo, Message, SendOptions } from '@securechat/client';
import type { Files, Transfer } from '@securechat/client/files';
import { saveBlob } from './save-blob.ts';
import { withoutMetadata } from './without-metadata.ts';

/** A transfer, or a failed one that stays until somebody has read why. */
export type Moving = {
  /** For a download the file's id; for an upload a number. */
  readonly key: string;
  readonly name: string;
  /** The conversation or thread it is sent to. */
  readonly place?: string;
  /** Undefined while it is queued behind others chosen with it. */
  readonly transfer?: Transfer<unknown>;
  readonly error?: unknown;
};

/** Loads the file part of the SDK on first use. */
export async function filesOf(client: Client): Promise<Files> {
  const { openFiles } = await import('@securechat/client/files');
  return openFiles(client);
}

/** A client's uploads and downloads. They continue while the user looks at another conversation. */
export class Transfers {
  readonly #client: Client;
  readonly #listeners = new Set<() => void>();
  readonly #list = new Map<string, Moving>();
  #sent = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  get list(): readonly Moving[] {
    return [...this.#list.values()];
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One at a time; pictures without what a camera wrote into them. */
  async send(
    conversation: Conversation,
    place: string,
    chosen: readonly File[],
    how: SendOptions,
  ): Promise<void> {
    const waiting = chosen.map((file) => ({ file, key: `sent ${++this.#sent}` }));
    for (const { file, key } of waiting) this.#put({ key, name: file.name, place });
    for (const { file, key } of waiting) {
      await this.#follow(key, async (files): Promise<Transfer<Message>> => {
        return files.send(conversation, await withoutMetadata(file), how);
      });
    }
  }

  /** Downloads it and passes it to the browser, which asks or knows where to save it. */
  async save(file: FileInfo): Promise<void> {
    if (this.#list.get(file.fileId)?.error === undefined && this.#list.has(file.fileId)) return;
    this.#put({ key: file.fileId, name: file.name });
    const blob = await this.#follow(file.fileId, async (files) => files.receive(file));
    if (blob !== undefined) saveBlob(blob, file.name);
  }

  /** Cancels it if running, and removes it from the list. */
  drop(key: string): void {
    this.#list.get(key)?.transfer?.cancel();
    this.#list.delete(key);
    this.#changed();
  }

  /** Undefined when it was dropped or failed; the list then says why. */
  async #follow<T>(key: string, begin: (files: Files) => Promise<Transfer<T>>): Promise<T | undefined> {
    try {
      const files = await filesOf(this.#client);
      const moving = this.#list.get(key);
      if (moving === undefined) return undefined;
      const transfer = await begin(files);
      this.#put({ ...moving, transfer });
      const result = await transfer.done;
      this.#list.delete(key);
      return result;
    } catch (error) {
      const moving = this.#list.get(key);
      if (moving !== undefined) this.#list.set(key, { ...moving, error });
      return undefined;
    } finally {
      this.#changed();
    }
  }

  #put(moving: Moving): void {
    this.#list.set(moving.key, moving);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

const ofClients = new WeakMap<Client, Transfers>();

export function transfersOf(client: Client): Transfers {
  const known = ofClients.get(client) ?? new Transfers(client);
  ofClients.set(client, known);
  return known;
}
