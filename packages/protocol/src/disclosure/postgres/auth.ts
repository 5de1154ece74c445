import { DEVICE, FOREVER, REMOVED, SETTLED, type Tables, USER } from './table.ts';

/** Accounts, admission to them, and webhooks about them. */
export const authTables: Tables = {
  'auth.users': {
    kept: FOREVER,
    columns: {
      id: USER,
      ext_id: 'the user id',
      account_key: 'public key of the account',
      state: 'whether it is disabled',
      created_at: 'when it was opened',
      state_changed_at: 'when it was disabled or enabled',
    },
  },
  'auth.devices': {
    kept: FOREVER,
    columns: {
      id: DEVICE,
      user_id: USER,
      ext_id: 'the device id',
      public_key: 'its public key',
      created_at: 'when it was added',
      revoked_at: 'when it was revoked',
    },
  },
  'auth.device_lists': {
    kept: FOREVER,
    columns: {
      user_id: USER,
      version: 'which one it is',
      list: 'devices with their public keys, signed',
      sha256: 'what the next one refers to',
      created_at: 'when it was stored',
    },
  },
  'auth.invites': {
    kept: REMOVED,
    columns: {
      code_sha256: 'SHA-256 of a code; the code is not kept',
      created_at: 'when it was made',
      expires_at: 'until when it counts',
      used_at: 'when it was used',
      used_by: USER,
      for_user: 'the user id that it lets in, when only that one',
    },
  },
  'auth.service_keys': {
    kept: 'for good',
    columns: { id: 'the id of a key of the server', first_used_at: 'since when it signs here' },
  },
  'auth.audit_log': {
    kept: REMOVED,
    columns: {
      id: SETTLED,
      at: 'when an admin acted',
      action: 'what the admin did',
      user_id: 'to which account',
      device_id: 'to which device',
      count: 'how many invites',
      api_key: 'by which key of the product’s backend',
      webhook: 'to which webhook',
      bytes: 'which quota',
    },
  },
  'auth.api_keys': {
    kept: REMOVED,
    columns: {
      id: 'name of a key of the product’s backend',
      name: 'what the operator calls it',
      key_sha256: 'SHA-256 of the key; the key is not kept',
      scopes: 'what it opens',
      created_at: 'when it was made',
      expires_at: 'until when it counts',
      revoked_at: 'when it was revoked',
    },
  },
  'auth.api_requests': {
    kept: 'a day',
    columns: {
      caller: 'which key of the product’s backend',
      idempotency_key: 'its name for the request, for retries',
      question_sha256: 'SHA-256 of the request',
      answer: 'what it was answered, with user and device ids; no code and no token',
      at: 'when',
    },
  },
  'auth.erasures': {
    kept: 'for good, as the receipt; who it is only until all is gone',
    columns: {
      id: SETTLED,
      user_id: 'the account’s number, until it is gone',
      user_name: 'the user id, until it is gone',
      subject_sha256: 'SHA-256 of the user id: whoever knows the id finds the receipt',
      api_key: 'by which key of the product’s backend',
      asked_at: 'when it was asked for',
      removed: 'how many rows of what are gone',
      waiting: 'how many could not go yet',
      finished_at: 'when the last was gone',
    },
  },
  'auth.webhooks': {
    kept: REMOVED,
    columns: {
      id: SETTLED,
      url: 'the product’s backend that is told',
      events: 'of what it is told',
      secret: 'what it knows this server by',
      previous_secret: 'the one before, for a day',
      previous_until: 'until when that is used',
      created_at: 'when it was made',
    },
  },
  'auth.webhook_events': {
    kept: 'until the product’s backend has it; 31 days at most',
    columns: {
      id: 'random id, for retries',
      webhook_id: 'which backend',
      type: 'what happened',
      user_name: 'the user id',
      data: 'ids of the user and the device, or of the conversation',
      at: 'when it happened',
      attempts: SETTLED,
      due_at: SETTLED,
      failure: SETTLED,
      dead_at: SETTLED,
    },
  },
  'auth.erased_devices': {
    kept: '48 hours',
    columns: { device_id: DEVICE, erased_at: 'when it was erased' },
  },
};
