import { expect, test } from '@jest/globals';
import { upstreamNames } from '@securechat/protocol';
import { allowedIn, connectionStates, timeoutOf } from './states.ts';

test('each state accepts exactly what belongs to it', () => {
  expect(allowedIn).toEqual({
    hello: ['client_hello'],
    proof: ['client_auth'],
    login: [],
    ready: [
      'ping',
      'resume',
      'sync',
      'ack',
      'receipt',
      'chat',
      'presence',
      'presence_subscribe',
      'presence_privacy',
      'typing',
      'receipt_privacy',
      'push_subscribe',
      'push_unsubscribe',
      'group_create',
      'group_member_add',
      'group_member_remove',
      'group_leave',
      'group_update',
      'group_commit',
      'group_info',
      'device_list',
      'block',
      'unblock',
      'block_list',
      'key_exchange',
      'key_bundle_request',
      'key_count',
      'turn_credentials',
      'key_log',
      'key_log_proof',
      'p2p_offer',
      'p2p_answer',
      'p2p_candidate',
      'p2p_bye',
      'file_offer',
      'file_accept',
      'file_decline',
      'file_cancel',
      'file_chunk',
      'file_chunk_request',
      'file_progress',
      'file_status',
    ],
    closing: [],
  });
  expect(Object.keys(allowedIn)).toEqual(connectionStates);
});

test('every type that a client may send is accepted in exactly one state', () => {
  for (const name of upstreamNames) {
    expect([name, connectionStates.filter((state) => allowedIn[state].includes(name)).length]).toEqual([
      name,
      1,
    ]);
  }
});

test.each([
  ['hello', { afterMs: 7000, reason: 'handshake_timeout' }],
  ['proof', { afterMs: 7000, reason: 'handshake_timeout' }],
  ['login', { afterMs: 7000, reason: 'handshake_timeout' }],
  ['ready', { afterMs: 75_000, reason: 'heartbeat_missed' }],
  ['closing', { afterMs: 5000, reason: 'gone' }],
] as const)('the state %s ends by itself: %j', (state, timeout) => {
  expect(timeoutOf(state, 7000)).toEqual(timeout);
});
