import type { ErrorDetail, ErrorName } from '@securechat/protocol';

/** Why an enrolment is refused: the status of the answer and the error in its body. */
export const refusals = {
  bad_form: { status: 400, error: 'INVALID_MESSAGE_FORMAT' },
  bad_time: { status: 400, error: 'TIMESTAMP_OUT_OF_WINDOW' },
  bad_signature: { status: 401, error: 'INVALID_SIGNATURE' },
  /** No such account, or another account key: telling them apart would reveal who has an account. */
  unknown_account: { status: 401, error: 'AUTHENTICATION_FAILED' },
  /** No valid invite or token: unknown, used, expired, forged and another user's are indistinguishable. */
  not_admitted: { status: 403, error: 'PERMISSION_DENIED' },
  /** The consenting device is not one of the account's, or is revoked. */
  not_authorized: { status: 403, error: 'PERMISSION_DENIED' },
  conflict: { status: 409, error: 'ACCOUNT_CONFLICT' },
  rate_limited: { status: 429, error: 'RATE_LIMITED' },
} as const satisfies Record<string, { status: number; error: ErrorName }>;

export type Refusal = keyof typeof refusals;

/** `repeated`: it had already taken effect. `unavailable`: try again. `failed`: our fault. */
export type EnrolmentOutcome = Refusal | 'created' | 'repeated' | 'unavailable' | 'failed';
export const enrolmentOutcomes = [
  ...(Object.keys(refusals) as Refusal[]),
  'created',
  'repeated',
  'unavailable',
  'failed',
] as const satisfies EnrolmentOutcome[];

/** The result of a request; `repeated` when it had already taken effect. */
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

/** `path` says where the fault is and never quotes a value. */
export function refuse(refusal: Refusal, path: string, detail: ErrorDetail = {}): never {
  throw new EnrolmentRefused(refusal, { path, ...detail });
}
