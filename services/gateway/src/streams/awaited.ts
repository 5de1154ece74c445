import { DeadlineError } from '@securechat/kernel';

/** By then the asking client has given up, and asks again. */
export const DEADLINE_MS = 5_000;
/** Unanswered questions; more are refused here rather than queued. */
const MAX_AWAITED = 10_000;

export type Awaited = {
  /**
   * Sends a question with `write`, under a new correlation id, and resolves with the answer. `service` is for the
   * message of the DeadlineError: no answer within 5 s, too many questions without one, or `stop`. Also rejects with
   * what `write` rejects with.
   */
  ask(service: string, write: (correlationId: string) => Promise<unknown>): Promise<Uint8Array>;
  /** The answer has arrived. Ignored if nobody waits for it any more. */
  answered(correlationId: string, body: Uint8Array): void;
  /** Rejects all that are awaited. */
  stop(): void;
};

type Waiting = { resolve(body: Uint8Array): void; reject(error: Error): void; timer: NodeJS.Timeout };

/** Answers that are awaited: each until a deadline, each taken at most once. */
export function createAwaited(): Awaited {
  const waiting = new Map<string, Waiting>();
  /** Answers come on a stream that only this process reads, so a number is unique enough. */
  let asked = 0;

  function settle(correlationId: string): Waiting | undefined {
    const found = waiting.get(correlationId);
    waiting.delete(correlationId);
    clearTimeout(found?.timer);
    return found;
  }

  function giveUp(correlationId: string, why: string): void {
    settle(correlationId)?.reject(new DeadlineError(why));
  }

  return {
    async ask(service, write) {
      if (waiting.size >= MAX_AWAITED)
        throw new DeadlineError(`${service} was not asked: ${MAX_AWAITED} questions have no answer yet`);
      const correlationId = (++asked).toString(36);
      const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
      const timer = setTimeout(
        () => giveUp(correlationId, `${service} did not answer within ${DEADLINE_MS} ms`),
        DEADLINE_MS,
      );
      waiting.set(correlationId, { resolve, reject, timer });
      write(correlationId).catch((error: Error) => settle(correlationId)?.reject(error));
      return await promise;
    },
    answered: (correlationId, body) => settle(correlationId)?.resolve(body),
    stop() {
      for (const correlationId of [...waiting.keys()]) giveUp(correlationId, 'stopping');
    },
  };
}
