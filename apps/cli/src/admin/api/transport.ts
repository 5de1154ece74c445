/** One request to the admin API. `path` begins with a slash and may have a query. */
export type AdminRequest = {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly idempotencyKey?: string;
};

export type AdminAnswer = { readonly status: number; readonly text: string };

/** Carries requests to an auth: over the network, or inside of the place where it runs. Rejects with `Unreachable`. */
export type Transport = (request: AdminRequest, signal: AbortSignal) => Promise<AdminAnswer>;

/** There was no answer; whether the request had an effect is not known. `advice` says where to look. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly advice: string;
  /** False where the same request would end in the same way. */
  readonly isRetryable: boolean;

  constructor(message: string, advice: string, { isRetryable }: { isRetryable: boolean }) {
    super(message);
    this.advice = advice;
    this.isRetryable = isRetryable;
  }
}

/** An export of somebody with many conversations is some MiB. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
