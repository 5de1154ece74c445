import { DEVICE, FOREVER, SETTLED, type Tables } from './table.ts';

/** Key packages, and the log of device lists. */
export const authKeyTables: Tables = {
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
};
