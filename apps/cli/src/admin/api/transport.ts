/** A request to the admin API. `path` starts with a slash and may have a query. */
export type AdminRequest = {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly idempotencyKey?: string;
};

export type AdminAnswer = { readonly status: number; readonly text: string };

/** Carries requests to auth: over the network, or inside the place where it runs. Rejects with `Unreachable`. */
export type Transport = (request: AdminRequest, signal: AbortSignal) => Promise<AdminAnswer>;

/** No answer came; the request may have taken effect. `advice` says where to look. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly advice: string;
  /** False when a repetition would fail in the same way. */
  readonly isRetryable: boolean;

  constructor(message: string, advice: string, { isRetryable }: { isRetryable: boolean }) {
    super(message);
    this.advice = advice;
    this.isRetryable = isRetryable;
  }
}

/** An export of a user with many conversations is a few MiB. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
