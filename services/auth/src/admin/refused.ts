import { CannotDo } from '@securechat/kernel';
import type { ErrorName } from '@securechat/protocol';

/** Why the admin API refuses: status, error, and what the caller can do about it. */
export const adminRefusals = {
  no_such_account: {
    status: 404,
    error: 'USER_NOT_FOUND',
    advice: 'There is no such account or device. GET /v1/admin/accounts lists those there are.',
  },
  no_such_erasure: {
    status: 404,
    error: 'USER_NOT_FOUND',
    advice: 'There is no such erasure: DELETE /v1/admin/accounts/{user_id} tells the id of one.',
  },
  no_such_webhook: {
    status: 404,
    error: 'USER_NOT_FOUND',
    advice: 'There is no such webhook. GET /v1/admin/webhooks lists those there are.',
  },
  unacceptable_url: {
    status: 400,
    error: 'INVALID_MESSAGE_FORMAT',
    advice:
      'The address must be https and not a private one; an origin of your own network is named in WEBHOOK_ALLOWED_ORIGINS.',
  },
  too_many_webhooks: {
    status: 409,
    error: 'PERMISSION_DENIED',
    advice: 'There are 20 webhooks already: remove one.',
  },
  no_files: {
    status: 409,
    error: 'PERMISSION_DENIED',
    advice: 'This deployment keeps no files: the migrations of that service were never run.',
  },
  being_erased: {
    status: 409,
    error: 'ACCOUNT_CONFLICT',
    advice:
      'This account is being erased and does not come back: when it is done, the user may make a new one.',
  },
  scope_missing: {
    status: 403,
    error: 'PERMISSION_DENIED',
    advice: 'The key lacks the scope of this call: make one that has it with `node src/api-key.ts create`.',
  },
  key_reused: {
    status: 409,
    error: 'ID_REUSED',
    advice: 'This Idempotency-Key was used for another request within 24 hours: take a new one.',
  },
  bad_key: {
    status: 400,
    error: 'INVALID_MESSAGE_FORMAT',
    advice: 'An Idempotency-Key is 1 to 64 letters, digits, hyphens or underscores.',
  },
  name_taken: {
    status: 409,
    error: 'ACCOUNT_CONFLICT',
    advice: 'This user has an account already: further devices are linked by one that it has.',
  },
  nobody_to_let_in: {
    status: 409,
    error: 'PERMISSION_DENIED',
    advice:
      'Here nobody needs to be let in (AUTH_ENROLMENT=open), or your own key signs the tokens (AUTH_JWT_JWKS_URL).',
  },
} as const satisfies Record<string, { status: number; error: ErrorName; advice: string }>;

export type AdminRefusal = keyof typeof adminRefusals;

/** Its message is the advice. */
export class AdminRefused extends CannotDo {
  override readonly name = 'AdminRefused';
  readonly refusal: AdminRefusal;

  constructor(refusal: AdminRefusal) {
    super(adminRefusals[refusal].advice);
    this.refusal = refusal;
  }
}
