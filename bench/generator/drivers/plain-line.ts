import { within } from '@securechat/testkit';
import { SocketLine } from '../socket-line.ts';
import { FastWebSocket, type Framing } from '../websocket.ts';
import type { Tally } from './driver.ts';

const LOGIN_DEADLINE_MS = 20_000;

export type PlainLineOptions = {
  url: string;
  framing: Framing;
  tally: Tally;
  /** Its name in faults. */
  name: string;
  /** What the server sent; the bytes are valid until the call returns. */
  read(bytes: Buffer, line: PlainLine): void;
};

/** A user of a server to which frames are written unchanged. Logged in once `read` has called `ready`. */
export class PlainLine extends SocketLine {
  readonly #login = Promise.withResolvers<void>();

  private constructor() {
    super();
  }

  static async open(options: PlainLineOptions, hello?: Uint8Array): Promise<PlainLine> {
    const line = new PlainLine();
    await within(line.#open(options, hello), LOGIN_DEADLINE_MS, () => `the login of ${options.name}`);
    return line;
  }

  async #open({ url, framing, tally, name, read }: PlainLineOptions, hello?: Uint8Array): Promise<void> {
    const events = {
      message: (bytes: Buffer) => read(bytes, this),
      turnEnded: () => undefined,
      closed: (why: string) => {
        if (!this.isClosing) tally.fault(`${name}: ${why}`);
        this.#login.reject(new Error(why));
      },
    };
    this.#login.promise.catch(() => undefined);
    this.socket = await FastWebSocket.open(url, events, framing);
    if (hello) this.socket.send(hello);
    await this.#login.promise;
  }

  ready(): void {
    this.#login.resolve();
  }
}
