import type { Messenger } from '../messenger.ts';
import { conversationCommands } from './conversation.ts';
import { fileCommands } from './files.ts';
import { messageCommands } from './message.ts';
import { peopleCommands } from './people.ts';

/** A slash command. `run` returns a text to show, if any. */
export type TuiCommand = {
  readonly usage: string;
  readonly summary: string;
  run(messenger: Messenger, rest: string): Promise<string | undefined>;
};

const help: TuiCommand = {
  usage: '',
  summary: 'this list',
  async run(messenger) {
    const lines = Object.entries(commands).map(
      ([name, { usage, summary }]) => `${`/${name} ${usage}`.padEnd(22)} ${summary}`,
    );
    messenger.show('Help – Esc closes, PageUp and PageDown move', [
      'Tab, ↑, ↓: another conversation; PageUp: older',
      'N: the number before a message; //: a text that begins with /',
      ...lines,
    ]);
    return undefined;
  },
};

export const groups = [conversationCommands, messageCommands, fileCommands, peopleCommands, { help }];

export const commands: Readonly<Record<string, TuiCommand>> = Object.assign({}, ...groups);
