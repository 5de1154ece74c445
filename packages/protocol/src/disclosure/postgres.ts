/** A table: until when its rows stay, and what each column shows. A column that is not named here fails a test. */
export type Table = { readonly kept: string; readonly columns: Readonly<Record<string, string>> };

const USER = 'the account’s number';
const DEVICE = 'the device’s number';
const CONVERSATION = 'the conversation’s number';
const SETTLED = 'nothing of people: bookkeeping';
const FOREVER = 'for good, or until the user is erased';
const REMOVED = 'until an operator removes it';

const messages = {
  day: 'the day it came',
  conv_id: CONVERSATION,
  conv_seq: 'place in the conversation',
  sender_device: 'whose device sent it',
  msg_id: 'random id, for retries',
  hash: 'SHA-256 of what was signed, for retries',
  type: 'message or which operation',
  server_ts_ms: 'when it came',
  expires_at: 'when it is deleted, if the sender says so',
  body: 'the frame as it was sent, with ciphertext; null once all devices have it',
  welcome: 'the same for devices that are added',
};

/** By schema and table; partitions are as their parent. */
export const postgres: Readonly<Record<string, Table>> = {
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
  'auth.key_packages': {
    kept: 'until it is handed out or over: 90 days at most',
    columns: {
      device_id: DEVICE,
      ref: 'hash of the package',
      suite: 'which cipher suite',
      public_key: 'public key',
      signature: 'of the device',
      bytes: 'the package: public keys, and the ids of user and device',
      expires_at: 'until when it is valid',
      last_resort: 'whether it is handed out more than once',
      upload_no: 'the order of uploads',
    },
  },
  'auth.used_key_packages': {
    kept: 'until the package would be over',
    columns: {
      device_id: DEVICE,
      ref: 'hash of the package',
      expires_at: 'until when the row stays',
    },
  },
  'auth.key_claims': {
    kept: 'a day',
    columns: {
      device_id: 'which device asked',
      request_id: 'random id, for retries',
      question: 'for whose keys',
      bundles: 'the packages that were handed out',
      at: 'when',
    },
  },
  'auth.key_log_entries': {
    kept: FOREVER,
    columns: {
      position: 'place in the log',
      label: 'SHA-256 of the user id: whoever knows the id finds its entries',
      list_sha256: 'which device list',
      previous_sha256: 'which one was before it',
    },
  },
  'auth.key_log_nodes': {
    kept: FOREVER,
    columns: { level: SETTLED, position: SETTLED, hash: 'over entries of the log' },
  },
  'auth.key_log_head': {
    kept: FOREVER,
    columns: {
      is_only: SETTLED,
      size: 'how many device lists there were',
      root: 'over all entries of the log',
    },
  },

  'delivery.settings': {
    kept: FOREVER,
    columns: { only_row: SETTLED, mailbox_epoch: SETTLED },
  },
  'delivery.conversations': {
    kept: FOREVER,
    columns: {
      id: CONVERSATION,
      ext_id: 'its random id',
      kind: 'of two, or a group',
      generation: 'how often its keys were begun anew',
      epoch: 'which keys are in use',
      next_seq: 'how many messages there were',
      low_user: 'one of two',
      high_user: 'the other one',
      low_name: 'the user id of one of two',
      high_name: 'the user id of the other one',
      created_at: 'when it began',
      epoch_seq: 'place of the newest change of keys',
      epoch_messages: 'messages since then',
      log_head: 'hash of the newest operation',
      commit_required: 'whether somebody is gone whom the keys still know',
      fanout: SETTLED,
    },
  },
  'delivery.conv_members': {
    kept: FOREVER,
    columns: {
      conv_id: CONVERSATION,
      user_id: USER,
      user_name: 'the user id',
      role: 'owner, admin or member',
      joined_seq: 'since which message',
      left_seq: 'until which message',
      delivered_seq: 'how far some device has come',
      read_seq: 'how far the person has read; not moved when the user does not share it',
      marked_at: 'when one of the two moved last',
    },
  },
  'delivery.conv_devices': {
    kept: FOREVER,
    columns: {
      conv_id: CONVERSATION,
      device_id: DEVICE,
      user_id: USER,
      joined_seq: 'since which message',
      left_seq: 'until which message',
      last_client_seq: 'how many messages it has sent',
      removal_due: 'whether the keys still know it though it is gone',
      last_sent_seq: 'place of its newest message',
    },
  },
  'delivery.conv_bans': {
    kept: 'until the ban is lifted',
    columns: { conv_id: CONVERSATION, user_name: 'who is banned', banned_seq: 'by which operation' },
  },
  'delivery.device_queue': {
    kept: FOREVER,
    columns: {
      device_id: DEVICE,
      user_id: USER,
      head_seq: 'how many messages were put into its mailbox',
      put_count: 'messages it was sent',
      put_bytes: 'bytes it was sent',
    },
  },
  'delivery.device_acks': {
    kept: FOREVER,
    columns: {
      device_id: DEVICE,
      acked_seq: 'how many messages it has',
      gone_count: 'messages it does not wait for any more',
      gone_bytes: 'bytes it does not wait for any more',
    },
  },
  'delivery.messages': {
    kept: 'the content until all devices have it, it expires, or the retention (30 days); the row 4 days, or as long as the content',
    columns: messages,
  },
  'delivery.messages_default': { kept: 'as messages', columns: messages },
  'delivery.mailbox': {
    kept: 'until the device has the message, or the retention',
    columns: {
      device_id: 'who waits',
      seq: 'place in the mailbox',
      conv_id: CONVERSATION,
      conv_seq: 'for which message',
      day: 'of that message',
      bytes: 'size of that message',
      dropped: 'how many were dropped, when too many waited',
      dropped_at_ms: 'when',
      is_welcome: 'whether the device is added by it',
    },
  },
  'delivery.fanout_jobs': {
    kept: 'until all pointers are made, seconds',
    columns: {
      conv_id: CONVERSATION,
      conv_seq: 'which message',
      day: 'of that message',
      after_device: SETTLED,
    },
  },
  'delivery.user_settings': {
    kept: FOREVER,
    columns: { user_id: USER, shares_reading: 'whether read marks are noted' },
  },
  'delivery.blocks': {
    kept: 'until the block is taken back',
    columns: { user_id: 'who blocks', blocked_name: 'whom', blocked_at: 'since when' },
  },
  'delivery.hidden_marks': {
    kept: 'until the block is taken back',
    columns: {
      user_id: 'who blocks',
      blocked_name: 'whom',
      conv_id: CONVERSATION,
      delivered_seq: 'what the blocked one is told of delivery',
      read_seq: 'what the blocked one is told of reading',
      marked_at: 'when that was',
    },
  },
  'delivery.stream_workers': { kept: '3 seconds', columns: { id: SETTLED, lease_until: SETTLED } },
  'delivery.stream_cursors': {
    kept: FOREVER,
    columns: { stream: SETTLED, owner: SETTLED, fence: SETTLED, last_id: SETTLED, last_batch: SETTLED },
  },
  'delivery.dead_letters': {
    kept: REMOVED,
    columns: {
      id: SETTLED,
      stream: 'where it came from',
      entry_id: 'when it came',
      reason: 'what is wrong with it',
      payload: 'what could not be handled, with ciphertext',
      at: 'when it was put away',
    },
  },

  'presence.last_seen': {
    kept: FOREVER,
    columns: { user_id: USER, seen_at: 'when the user was last online; others are told the hour' },
  },
  'presence.settings': {
    kept: FOREVER,
    columns: {
      user_id: USER,
      status_to: 'who may see the status',
      last_seen: 'whether others are told the hour',
    },
  },

  'push.subscriptions': {
    kept: 'until the device takes it back, is revoked, or the address is dead',
    columns: {
      id: SETTLED,
      device_id: DEVICE,
      kind: 'a push service, or the operator’s bridge',
      target: 'the random address that a push service or the bridge gave',
      p256dh: 'public key, for what is sent there',
      auth: 'a secret of the device, for what is sent there',
      created_at: 'when it was asked for',
      settled_seq: 'up to where it need not be woken',
      waiting_seq: 'up to where it had not taken its messages',
      waiting_since: 'since when',
      woken_at: 'when it was woken last',
      unanswered: 'how often in vain',
      failures: SETTLED,
      not_before: SETTLED,
    },
  },

  'files.storage': {
    kept: FOREVER,
    columns: { user_id: USER, used: 'bytes in use', reserved: 'bytes on their way', files: 'how many' },
  },
  'files.files': {
    kept: 'a week when it is not complete, 30 days when it is, or until it is taken back',
    columns: {
      id: 'the file’s number',
      ext_id: 'its random id',
      owner_id: 'who offers it',
      conversation: 'in which conversation',
      max_size: 'bytes of ciphertext at most',
      chunk_size: 'how it is cut',
      max_chunks: 'into how many',
      state: 'how far it is',
      received: 'bytes that have come',
      size: 'bytes of ciphertext',
      sha256: 'SHA-256 of the ciphertext',
      verifier: SETTLED,
      verifier_until: SETTLED,
      expires_at: 'when it is deleted',
      created_at: 'when it was offered',
    },
  },
  'files.grants': {
    kept: 'with the file',
    columns: {
      file_id: 'the file’s number',
      user_id: 'who may download it',
      declined: 'whether the user does not want it',
    },
  },
  'files.chunks': {
    kept: 'with the file',
    columns: {
      file_id: 'the file’s number',
      idx: 'which chunk',
      len: 'its bytes',
      sha256: 'SHA-256 of its ciphertext',
      object:
        'the name of the object with its ciphertext, where there is a bucket: both numbers, and a random one',
    },
  },
  'files.blobs': {
    kept: 'with the file',
    columns: { file_id: 'the file’s number', idx: 'which chunk', bytes: 'ciphertext' },
  },
  'files.token_keys': {
    kept: 'the two newest',
    columns: { id: SETTLED, key: 'a secret of the service, for its tokens', made_at: SETTLED },
  },
};
