/** Short message numbers for commands; they stay valid while the messenger runs. */
export class Labels {
  readonly #ids = new Map<string, string[]>();

  /** Numbers start at 1 in each conversation. */
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
