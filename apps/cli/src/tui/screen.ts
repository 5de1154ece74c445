import { useApp, useInput, usePaste, useWindowSize } from 'ink';
import { createElement, type ReactElement, useSyncExternalStore } from 'react';
import { ConversationList } from './conversation-list.ts';
import { box, line } from './element.ts';
import { EntryLine } from './entry-line.ts';
import { Header } from './header.ts';
import { pasted, pressed } from './keys.ts';
import { MessagePane } from './message-pane.ts';
import type { Messenger } from './messenger.ts';

/** A narrower window has no room for the list beside the messages. */
const LIST_FROM_COLUMNS = 60;
const LIST_COLUMNS = 24;
const MAX_NOTICE_ROWS = 3;
/** The newest transfers are shown. */
const MAX_TRANSFER_ROWS = 3;

/** The whole window: header, conversations and messages, notice, and input line. */
export function Screen({ messenger }: { messenger: Messenger }): ReactElement {
  const shown = useSyncExternalStore(messenger.subscribe, messenger.snapshot);
  const { columns, rows } = useWindowSize();
  const { exit } = useApp();

  useInput((input, key) => pressed(messenger, input, key, exit));
  usePaste((text) => pasted(messenger, text));

  // codes in a panel are copied from the window; the list would be copied along
  const hasList = columns >= LIST_FROM_COLUMNS && !shown.panel;
  const noticeRows = rowsFor(shown.notice, columns);
  const transfers = shown.transfers.slice(-MAX_TRANSFER_ROWS);
  // header and input line take one each
  const paneRows = Math.max(1, rows - 2 - noticeRows - transfers.length);
  return box(
    { flexDirection: 'column', width: columns, height: rows, overflow: 'hidden' },
    createElement(Header, { shown, userId: messenger.client.me.userId }),
    box(
      { height: paneRows, overflow: 'hidden' },
      hasList ? createElement(ConversationList, { shown, columns: LIST_COLUMNS, rows: paneRows }) : null,
      createElement(MessagePane, {
        ...{ shown, labels: messenger.labels, rows: paneRows },
        columns: columns - (hasList ? LIST_COLUMNS : 0),
      }),
    ),
    ...transfers.map((text, index) =>
      box(
        { key: `transfer ${index}`, height: 1, flexShrink: 0 },
        line({ color: 'cyan', wrap: 'truncate-end' }, text),
      ),
    ),
    box(
      { height: noticeRows, flexShrink: 0, overflow: 'hidden' },
      line({ color: 'yellow', wrap: 'wrap' }, shown.notice || ' '),
    ),
    createElement(EntryLine, { entry: shown.entry, columns }),
  );
}

/** Truncated advice helps nobody; word wrapping leaves part of each line empty. */
function rowsFor(notice: string, columns: number): number {
  const filled = Math.max(1, columns - 8);
  return Math.min(MAX_NOTICE_ROWS, Math.max(1, Math.ceil(notice.length / filled)));
}
