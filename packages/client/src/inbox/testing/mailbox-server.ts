import { type Downstream, HEADER_BYTES } from '@securechat/protocol';

export type Letter = { id: string; life: number };

/** A device's mailbox at the server with its gateway, misbehaving while `faults` last. */
export class MailboxServer {
  faults = 0;
  /** Counts restores from a backup. */
  life = 1;
  readonly expired = new Set<string>();
  /** All letters; positions are those of this life. */
  #letters: Letter[] = [];
  #acked = 0;
  #sentThrough = 0;
  #isLive = false;
  #hasResumed = false;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  get through(): number {
    return this.#letters.length;
  }

  chance(probability: number): boolean {
    if (this.faults <= 0 || this.#random() >= probability) return false;
    this.faults--;
    return true;
  }

  connect(): void {
    this.#hasResumed = false;
    this.#isLive = false;
  }

  /** A message arrives for the device: pushed when it is its turn, unless lost between delivery and gateway. */
  deliver(id: string): Downstream[] {
    this.#letters.push({ id, life: this.life });
    if (!this.#isLive || this.chance(0.1)) return [];
    this.#sentThrough = this.through;
    return [this.#item(this.through)];
  }

  /** Restores an older backup: what was acknowledged since comes again, with new numbers. */
  restore(): void {
    this.life++;
    const from = Math.max(0, this.#acked - Math.floor(4 * this.#random()));
    this.#letters = this.#letters.slice(from).map(({ id }) => ({ id, life: this.life }));
    this.#acked = 0;
    this.connect();
  }

  /** The answers to a frame, and how far it acknowledges. */
  receive(frame: Uint8Array): { answers: Downstream[]; acknowledged: number } {
    const message = JSON.parse(new TextDecoder().decode(frame.subarray(HEADER_BYTES))) as Question;
    switch (message.type) {
      case 'resume': {
        const isSameLife = message.mailbox_epoch === undefined || message.mailbox_epoch === this.life;
        this.#hasResumed = true;
        this.#acked = Math.max(this.#acked, isSameLife ? message.cursor : 0);
        this.#sentThrough = isSameLife ? message.cursor : 0;
        return { answers: this.#page(), acknowledged: isSameLife ? message.cursor : 0 };
      }
      case 'sync':
        if (!this.#hasResumed) return { answers: [], acknowledged: 0 };
        this.#sentThrough = Math.min(message.from, this.#sentThrough);
        return { answers: this.#page(), acknowledged: 0 };
      case 'ack': {
        this.#acked = Math.max(this.#acked, Math.min(message.through, this.#sentThrough));
        const answers = this.#isLive ? [] : this.#page();
        return { answers, acknowledged: message.through };
      }
    }
  }

  #page(): Downstream[] {
    if (!this.#hasResumed || this.chance(0.1)) return [];
    const from = this.#sentThrough;
    const through = Math.min(this.through, from + 1 + Math.floor(6 * this.#random()));
    const items: Downstream[] = [];
    for (let seq = from + 1; seq <= through; seq++) {
      if (!this.expired.has(this.#letters[seq - 1]?.id ?? '')) items.push(this.#item(seq));
    }
    const more = through < this.through;
    this.#sentThrough = through;
    this.#isLive = !more;
    return [{ type: 'sync_page', items, through, more, mailbox_epoch: this.life } as Downstream<'sync_page'>];
  }

  #item(seq: number): Downstream<'chat'> {
    const { id = '', life = 0 } = this.#letters[seq - 1] ?? {};
    const delivery = { seq, conv_seq: Number(id), server_ts_ms: life };
    return { type: 'chat', id, conversation_id: 'c_0123456789abcdef', delivery } as Downstream<'chat'>;
  }
}

type Question =
  | { type: 'resume'; cursor: number; mailbox_epoch?: number }
  | { type: 'sync'; from: number }
  | { type: 'ack'; through: number };
