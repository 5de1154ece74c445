import { CONVERSATION, DEVICE, FOREVER, REMOVED, SETTLED, type Tables, USER } from './table.ts';

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

/** Conversations, messages and mailboxes. */
export const deliveryTables: Tables = {
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
  'delivery.stream_workers': {
    kept: '3 seconds',
    columns: { id: SETTLED, lease_until: SETTLED, busy: 'how busy that worker is' },
  },
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
};
