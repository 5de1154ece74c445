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
    advice: 'There is no such erasure. DELETE /v1/admin/accounts/{user_id} starts one and returns its id.',
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
      'The address must be https and public. To allow an origin in your own network, name it in WEBHOOK_ALLOWED_ORIGINS.',
  },
  too_many_webhooks: {
    status: 409,
    error: 'PERMISSION_DENIED',
    advice: 'There are 20 webhooks already. Remove one.',
  },
  no_files: {
    status: 409,
    error: 'PERMISSION_DENIED',
    advice: 'This deployment keeps no files: the migrations of the files service were never run.',
  },
  being_erased: {
    status: 409,
    error: 'ACCOUNT_CONFLICT',
    advice:
      'This account is being erased and cannot be restored. When the erasure is finished, the user may make a new one.',
  },
  scope_missing: {
    status: 403,
    error: 'PERMISSION_DENIED',
    advice:
      'The key does not have the scope of this call. Make one that has it with `node src/api-key.ts create`.',
  },
  key_reused: {
    status: 409,
    error: 'ID_REUSED',
    advice: 'This Idempotency-Key was used for another request within the last 24 hours. Use a new one.',
  },
  bad_key: {
    status: 400,
    error: 'INVALID_MESSAGE_FORMAT',
    advice: 'An Idempotency-Key is 1 to 64 letters, digits, hyphens or underscores.',
  },
  name_taken: {
    status: 409,
    error: 'ACCOUNT_CONFLICT',
    advice: 'This user has an account already. One of its devices can link further ones.',
  },
  nobody_to_let_in: {
    status: 409,
    error: 'PERMISSION_DENIED',
    advice:
      'Nobody needs an invite or a token here (AUTH_ENROLMENT=open), or your own key signs the tokens (AUTH_JWT_JWKS_URL).',
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
