import { DEVICE, SETTLED, type Tables } from './table.ts';

/** How devices are woken. */
export const pushTables: Tables = {
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
};
