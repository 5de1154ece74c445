import type { Command, Family } from '../command.ts';
import { chat } from './chat.ts';
import { conversations } from './conversations.ts';
import { approve, devices, link, linkCode, nameDevice, revoke } from './devices.ts';
import { doctor } from './doctor.ts';
import { listFiles, receiveFile, removeFile, sendFile } from './files.ts';
import { follow } from './follow.ts';
import { frame } from './frame.ts';
import { group } from './group.ts';
import { groupLink, join } from './group-link.ts';
import { exportHistory, importHistory } from './history.ts';
import { listen } from './listen.ts';
import { search } from './search.ts';
import { send } from './send.ts';
import { recover, recoveryCode, signUp } from './sign-up.ts';
import { accept, block, restart, unblock } from './standing.ts';
import { verify } from './verify.ts';

/** By name, in the order in which people need them. */
export const commands: Readonly<Record<string, Command | Family>> = {
  signup: signUp,
  chat,
  send,
  'send-file': sendFile,
  'receive-file': receiveFile,
  files: listFiles,
  'remove-file': removeFile,
  listen,
  conversations,
  search,
  group,
  'group-link': groupLink,
  join,
  accept,
  block,
  unblock,
  restart,
  verify,
  devices,
  'name-device': nameDevice,
  'link-code': linkCode,
  link,
  approve,
  revoke,
  'recovery-code': recoveryCode,
  recover,
  export: exportHistory,
  import: importHistory,
  doctor,
  follow,
  frame,
  admin: {
    summary: 'for operators: accounts, limits, erasure, and diagnostics of the services',
    load: async () => (await import('../admin/admin.ts')).runAdmin,
  },
};
