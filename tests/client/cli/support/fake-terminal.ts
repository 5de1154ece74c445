import { PassThrough, Writable } from 'node:stream';
import { until } from '@securechat/testkit';
import xterm from '@xterm/headless';

/** A terminal window without a screen: it obeys what is written to it like a real one, and can be read. */
export class FakeTerminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly #terminal: InstanceType<typeof xterm.Terminal>;
  readonly #keys = new PassThrough();
  /** Titles of the window and the like that somebody has set. */
  readonly titles: string[] = [];
  isRaw = false;

  /** Like a window whose driver begins a new line where a program says `\n`. */
  constructor(columns = 80, rows = 24) {
    this.#terminal = new xterm.Terminal({ cols: columns, rows, convertEol: true, allowProposedApi: true });
    this.#terminal.onTitleChange((title) => this.titles.push(title));
    const screen = new Writable({
      decodeStrings: false,
      write: (chunk: string | Buffer, _encoding, done) => this.#terminal.write(chunk, done),
    });
    this.stdout = Object.assign(screen, { isTTY: true, columns, rows }) as unknown as NodeJS.WriteStream;
    const setRawMode = (isRaw: boolean): void => {
      this.isRaw = isRaw;
    };
    const quiet = { isTTY: true, setRawMode, ref: () => {}, unref: () => {} };
    this.stdin = Object.assign(this.#keys, quiet) as unknown as NodeJS.ReadStream;
  }

  type(text: string): void {
    this.#keys.write(text);
  }
  /** Keys arrive one after the other, as a person presses them. */
  enter(text: string): void {
    this.type(text);
    this.type('\r');
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    Object.assign(this.stdout, { columns, rows });
    this.stdout.emit('resize');
  }

  /** What a person sees, a string for each row. */
  rows(): string[] {
    const { active } = this.#terminal.buffer;
    return Array.from(
      { length: this.#terminal.rows },
      (_, row) => active.getLine(active.viewportY + row)?.translateToString(true) ?? '',
    );
  }

  /** `alternate` is the screen that goes away when a program ends. */
  get screen(): 'normal' | 'alternate' {
    return this.#terminal.buffer.active.type;
  }

  async shows(what: string | RegExp, deadlineMs = 30_000): Promise<void> {
    const fits = (row: string) => (typeof what === 'string' ? row.includes(what) : what.test(row));
    try {
      await until(`the screen shows ${what}`, () => this.rows().some(fits), deadlineMs);
    } catch (error) {
      throw new Error(`The screen does not show ${what}:\n${this.rows().join('\n')}`, { cause: error });
    }
  }
}
