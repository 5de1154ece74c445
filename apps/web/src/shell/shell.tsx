import { ConversationView } from '../conversation/conversation-view.tsx';
import { useDirect } from '../direct/use-direct.ts';
import { ConversationList } from '../list/conversation-list.tsx';
import { DevicesPage } from '../pages/devices-page.tsx';
import { JoinPage } from '../pages/join-page.tsx';
import { NewConversationPage } from '../pages/new-conversation-page.tsx';
import { NewGroupPage } from '../pages/new-group-page.tsx';
import { PersonPage } from '../pages/person-page.tsx';
import { SettingsPage } from '../pages/settings-page.tsx';
import { useWorker } from '../push/use-waking.ts';
import type { Route } from '../session/routes.ts';
import { useSession } from '../session/session.ts';
import { useBeingThere } from '../session/use-presence.ts';
import { useRoute } from '../session/use-route.ts';
import { AlarmBanner } from './alarm-banner.tsx';
import { Announcer } from './announcer.tsx';
import { AwayLine } from './away-line.tsx';
import { useNudges } from './use-nudges.ts';
import { usePageTitle } from './use-page-title.ts';

/** The list, and what is open beside it; on a phone one of the two. */
export function Shell() {
  const route = useRoute();
  useNudges();
  useWorker();
  // keeps direct connections up, whatever page is open
  useDirect();
  usePageTitle();
  useBeingThere(useSession().preferences.isShown);
  return (
    <div class="shell" data-page={route.page}>
      <button type="button" class="skip-link" onClick={skipToMain}>
        To the conversation
      </button>
      <AlarmBanner />
      <ConversationList openId={route.page === 'conversation' ? route.id : undefined} />
      <div class="beside" id="main" tabIndex={-1}>
        {route.page !== 'list' && <AwayLine />}
        <Page route={route} />
      </div>
      <Announcer />
    </div>
  );
}

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case 'conversation':
      return <ConversationView key={route.id} route={route} />;
    case 'person':
      return <PersonPage key={route.userId} userId={route.userId} />;
    case 'join':
      return <JoinPage key={route.link} link={route.link} />;
    case 'new':
      return <NewConversationPage />;
    case 'new-group':
      return <NewGroupPage />;
    case 'devices':
      return <DevicesPage />;
    case 'settings':
      return <SettingsPage />;
    case 'list':
      return (
        <main class="page is-empty">
          <p class="hint">Choose a conversation, or begin one.</p>
        </main>
      );
  }
}

/** Moves the focus by script: a link would change the fragment, which is the route. */
function skipToMain(): void {
  document.getElementById('main')?.focus();
}
