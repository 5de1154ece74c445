import { sha256, signingKeyFromSeed } from '@securechat/crypto/sign';
import { groupOpTranscript } from '@securechat/protocol';
import { until } from '@securechat/testkit';
import type { EvilServer } from './evil-server.ts';
import type { TestDevice } from './people.ts';

type Operation = Record<string, unknown>;

/** What is in the place of a commit that nobody can follow. */
export const NONSENSE = Buffer.from('nonsense').toString('base64');

/** A member who changes what the own client sends, on its way through `server`, and signs it again. */
export class EvilMember {
  readonly #device: TestDevice;
  readonly #server: EvilServer;

  constructor(device: TestDevice, server: EvilServer) {
    this.#device = device;
    this.#server = server;
  }

  /** Of the next operation of this type. */
  change(type: string, fields: Operation): void {
    this.#server.send = (message) => {
      if (message.type !== type) return message;
      this.#server.send = (other) => other;
      return this.#sign({ ...message, ...fields });
    };
  }

  /** Puts nonsense into the log of the group in the place of a commit, and leaves. */
  async spoil(conversationId: string): Promise<void> {
    const chat = this.#device.client.conversation(conversationId);
    if (!chat) throw new Error('An evil member has to be in the conversation.');
    const commits = (): Operation[] => this.#server.sent.filter(({ type }) => type === 'group_commit');
    const before = commits().length;
    this.change('group_commit', { commit: NONSENSE });
    void chat.send('after it').catch(() => undefined);
    const spoiled = await until('nonsense was sent', () => commits()[before], 30_000);
    // the own client does not know what it has really sent
    this.change('group_leave', { previous_sha256: digestOf({ ...spoiled, commit: NONSENSE }) });
    await chat.leave();
  }

  #sign(operation: Operation): Operation {
    const { secretKey } = JSON.parse(new TextDecoder().decode(this.#device.disk.get('account'))) as {
      secretKey: string;
    };
    const key = signingKeyFromSeed(Buffer.from(secretKey, 'base64'));
    return { ...operation, signature: key.sign(transcriptOf(operation)).toString('base64') };
  }
}

function digestOf(operation: Operation): string {
  return sha256(transcriptOf(operation)).toString('base64');
}

function transcriptOf(operation: Operation): Uint8Array {
  const hash = (field: string) =>
    operation[field] === undefined
      ? undefined
      : sha256(Buffer.from(operation[field] as string, 'base64')).toString('base64');
  const hashes = { commitSha256: hash('commit'), welcomeSha256: hash('welcome'), nameSha256: hash('name') };
  return groupOpTranscript(operation as never, hashes);
}
