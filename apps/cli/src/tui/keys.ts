import type { Key } from 'ink';
import { type EditKey, edited } from './editing.ts';
import { type Messenger, SCROLL_STEP } from './messenger.ts';

const CONTROL = /(\p{Cc})/u;
/** Control characters are letters without this bit: Ctrl-U, 0x15, is `u`, 0x75. */
const LETTERS = 0x60;

/** Handles one chunk of input. Fast typing arrives as several keys in one chunk. */
export function pressed(messenger: Messenger, input: string, key: Key, quit: () => void): void {
  if (key.tab) messenger.move(key.shift ? -1 : 1);
  else if (key.upArrow) messenger.move(-1);
  else if (key.downArrow) messenger.move(1);
  else if (key.pageUp) messenger.scroll(SCROLL_STEP);
  else if (key.pageDown) messenger.scroll(-SCROLL_STEP);
  else if (key.escape) messenger.closePanel();
  else if (key.return) entered(messenger, quit);
  else if (input === '' || key.ctrl || key.meta) edit(messenger, input, key);
  else typed(messenger, input, quit);
}

/** Text and the keys in between: control characters never become part of the text. */
function typed(messenger: Messenger, input: string, quit: () => void): void {
  for (const piece of input.split(CONTROL)) {
    if (piece === '\r' || piece === '\n') entered(messenger, quit);
    else if (piece === '\t') edit(messenger, ' ', {});
    else if (CONTROL.test(piece)) edit(messenger, letterOf(piece), { ctrl: true });
    else edit(messenger, piece, {});
  }
}

/** Keeps line breaks, which terminals send as carriage returns; drops other control characters. */
export function pasted(messenger: Messenger, text: string): void {
  edit(
    messenger,
    text
      .replace(/\r\n?/g, '\n')
      .replace(/\t/g, ' ')
      .replace(/(?!\n)\p{Cc}/gu, ''),
    {},
  );
}

const letterOf = (control: string): string => String.fromCharCode(control.charCodeAt(0) | LETTERS);

function edit(messenger: Messenger, input: string, key: EditKey): void {
  const entry = edited(messenger.snapshot().entry, input, key);
  if (entry) messenger.write(entry);
}

function entered(messenger: Messenger, quit: () => void): void {
  const text = messenger.takeEntry().trim();
  if (text === '/quit') quit();
  else if (text !== '') messenger.enter(text);
}
