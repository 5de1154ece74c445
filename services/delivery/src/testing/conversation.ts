import type { Conversation } from '../store/state.ts';

/** A conversation as read from the database; tests of rules override the fields they are about. */
export const aConversation: Conversation = {
  id: 1,
  extId: 'c_1',
  kind: 'direct',
  generation: 0,
  epoch: 0,
  epochSeq: 1,
  epochMessages: 0,
  logHead: Buffer.alloc(32, 9),
  nextSeq: 2,
  fanout: 'inline',
  waitingJobs: 0,
  due: [],
  names: new Map(),
  isOpen: true,
  devices: new Map(),
};
