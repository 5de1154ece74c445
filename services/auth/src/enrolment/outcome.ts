import type { ErrorDetail, ErrorName } from '@securechat/protocol';

/** Why an enrolment is refused: the status of the answer and the error in its body. */
export const refusals = {
  bad_form: { status: 400, error: 'INVALID_MESSAGE_FORMAT' },
  bad_time: { status: 400, error: 'TIMESTAMP_OUT_OF_WINDOW' },
  bad_signature: { status: 401, error: 'INVALID_SIGNATURE' },
  /** No such account, or another account key: told apart they would say who has an account. */
  unknown_account: { status: 401, error: 'AUTHENTICATION_FAILED' },
  /** No invite or token that is good for this: unknown, used, expired, forged and another's are not told apart. */
  not_admitted: { status: 403, error: 'PERMISSION_DENIED' },
  /** The device that agrees to a new one is none of the account's, or revoked. */
  not_authorized: { status: 403, error: 'PERMISSION_DENIED' },
  conflict: { status: 409, error: 'ACCOUNT_CONFLICT' },
  rate_limited: { status: 429, error: 'RATE_LIMITED' },
} as const satisfies Record<string, { status: number; error: ErrorName }>;

export type Refusal = keyof typeof refusals;

/** `repeated`: what was asked for was already there. `unavailable`: try again. `failed`: our fault. */
export type EnrolmentOutcome = Refusal | 'created' | 'repeated' | 'unavailable' | 'failed';
export const enrolmentOutcomes = [
  ...(Object.keys(refusals) as Refusal[]),
  'created',
  'repeated',
  'unavailable',
  'failed',
] as const satisfies EnrolmentOutcome[];

/** What a request has come to; `repeated` when it had taken effect before. */
export type Enrolment = { outcome: 'created' | 'repeated'; user_id: string; device_id: string };

export class EnrolmentRefused extends Error {
  override readonly name = 'EnrolmentRefused';
  readonly refusal: Refusal;
  readonly detail: ErrorDetail;

  constructor(refusal: Refusal, detail: ErrorDetail = {}) {
    super(`Enrolment refused: ${refusal}`);
    this.refusal = refusal;
    this.detail = detail;
  }
}

/** `path` says where the fault lies and never quotes a value. */
export function refuse(refusal: Refusal, path: string, detail: ErrorDetail = {}): never {
  throw new EnrolmentRefused(refusal, { path, ...detail });
}
