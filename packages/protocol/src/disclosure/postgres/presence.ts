import { FOREVER, type Tables, USER } from './table.ts';

/** When people were online, and who may see it. */
export const presenceTables: Tables = {
  'presence.last_seen': {
    kept: FOREVER,
    columns: {
      user_id: USER,
      seen_at: 'the hour in which the user was last online; no row for who hides it',
    },
  },
  'presence.settings': {
    kept: FOREVER,
    columns: {
      user_id: USER,
      status_to: 'who may see the status',
      last_seen: 'whether others are told the hour',
    },
  },
};
