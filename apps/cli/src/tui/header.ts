import type { ReactElement } from 'react';
import { counted } from '../words.ts';
import { box, line } from './element.ts';
import type { Snapshot } from './snapshot.ts';

/** The user, the connection, and problems. */
export function Header({ shown, userId }: { shown: Snapshot; userId: string }): ReactElement {
  const { state, ended, waiting, alarms } = shown;
  const connection =
    ended === undefined
      ? line({ color: state === 'connected' ? 'green' : 'yellow' }, ` ${connectionText(shown)}`)
      : line({ color: 'red', inverse: true, wrap: 'truncate-end' }, ` ended: ${ended} `);
  const last = alarms.at(-1);
  return box(
    { height: 1, flexShrink: 0, overflow: 'hidden' },
    line({ bold: true, wrap: 'truncate-end' }, `securechat  ${userId} `),
    connection,
    waiting > 0 ? line({ color: 'yellow' }, `  ${waiting} waiting`) : null,
    last
      ? line(
          { color: 'red', inverse: true, wrap: 'truncate-end' },
          ` ! ${counted(alarms.length, 'alarm')}: ${last.type} ${last.userId ?? ''} – /alarms `,
        )
      : null,
  );
}

function connectionText({ state }: Snapshot): string {
  return state === 'connected'
    ? '● connected'
    : `○ ${state === 'disconnected' ? 'offline, will try again' : `${state} …`}`;
}
