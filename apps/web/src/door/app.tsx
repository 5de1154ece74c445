import type { Client } from '@securechat/client';
import { useMemo, useState } from 'preact/hooks';
import { loadPreferences, type Preferences, savePreferences, showTheme } from '../session/preferences.ts';
import { type Session, SessionContext } from '../session/session.ts';
import { Shell } from '../shell/shell.tsx';
import { DoorPage } from './door-page.tsx';
import { LinkAgainPage } from './link-again-page.tsx';
import { type OpeningControls, useOpening } from './use-opening.ts';
import { EndedPage, FailedPage, InUsePage, MovedPage, OpeningPage } from './waiting-pages.tsx';

export function App({ profile }: { profile: string }) {
  const controls = useOpening(profile);
  const { opening } = controls;
  switch (opening.state) {
    case 'opening':
      return <OpeningPage />;
    case 'in-use':
      return <InUsePage onTakeOver={controls.takeOver} />;
    case 'moved':
      return <MovedPage onTakeOver={controls.takeOver} />;
    case 'failed':
      return <FailedPage error={opening.error} onAgain={controls.open} />;
    case 'ended':
      return <EndedPage error={opening.error} onForget={() => controls.forget(opening.client)} />;
    case 'door':
      return <DoorPage door={opening.door} onEnter={(client) => controls.enter(opening.door, client)} />;
    case 'linking':
      return <LinkAgainPage {...opening} controls={controls} />;
    case 'inside':
      return <Inside profile={profile} client={opening.client} controls={controls} />;
  }
}

type InsideProperties = { profile: string; client: Client; controls: OpeningControls };

function Inside({ profile, client, controls }: InsideProperties) {
  const [preferences, setPreferences] = useState(() => loadPreferences(profile));

  const session = useMemo<Session>(() => {
    async function prefer(change: Partial<Preferences>): Promise<void> {
      const next = { ...preferences, ...change };
      savePreferences(profile, next);
      showTheme(next.theme);
      setPreferences(next);
      if (next.readReceipts === preferences.readReceipts) return;
      await client.close();
      await controls.open();
    }
    return { client, profile, preferences, prefer, forget: () => controls.forget(client) };
  }, [client, profile, preferences]);

  return (
    <SessionContext.Provider value={session}>
      <Shell />
    </SessionContext.Provider>
  );
}
