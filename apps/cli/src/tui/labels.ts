/** Short numbers for messages, by which commands name them; they stay as long as the messenger runs. */
export class Labels {
  readonly #ids = new Map<string, string[]>();

  /** Numbers begin with 1 in each conversation. */
  of(conversationId: string, messageId: string): number {
    const ids = this.#ids.get(conversationId) ?? [];
    this.#ids.set(conversationId, ids);
    const known = ids.indexOf(messageId);
    return known >= 0 ? known + 1 : ids.push(messageId);
  }

  /** The id of the message with this number. */
  find(conversationId: string, label: string): string | undefined {
    return this.#ids.get(conversationId)?.[Number(label.replace(/^#/, '')) - 1];
  }
}
