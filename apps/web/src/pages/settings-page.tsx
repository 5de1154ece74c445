import { Choice } from '../parts/choice.tsx';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { PageFrame } from '../parts/page-frame.tsx';
import { WakingForm } from '../push/waking-form.tsx';
import type { Theme } from '../session/preferences.ts';
import { useSession } from '../session/session.ts';
import { HistoryForms } from './history-forms.tsx';
import { ProfileForm } from './profile-form.tsx';

const THEMES: readonly { value: Theme; label: string }[] = [
  { value: 'system', label: 'Same as the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

export function SettingsPage() {
  const { preferences, prefer, forget, client } = useSession();
  return (
    <PageFrame title="Settings">
      <ProfileForm />
      <section aria-labelledby="looks-title">
        <h2 id="looks-title">Appearance and writing</h2>
        <Choice
          legend="Colours"
          options={THEMES}
          value={preferences.theme}
          onChoose={(theme) => prefer({ theme })}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={preferences.isMarkdown}
            onChange={(event) => prefer({ isMarkdown: event.currentTarget.checked })}
          />
          Write in markdown: **bold**, _italic_, `code`, lists, quotes
        </label>
      </section>
      <section aria-labelledby="privacy-title">
        <h2 id="privacy-title">Privacy</h2>
        <label class="check">
          <input
            type="checkbox"
            checked={preferences.readReceipts ?? client.sharesReading ?? true}
            onChange={(event) => prefer({ readReceipts: event.currentTarget.checked })}
          />
          Others can see what I have read
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={preferences.isShown}
            onChange={(event) => prefer({ isShown: event.currentTarget.checked })}
          />
          People I have talked to can see when I am online or typing
        </label>
      </section>
      <WakingForm />
      <HistoryForms />
      <section aria-labelledby="forget-title">
        <h2 id="forget-title">This browser</h2>
        <p>
          Deletes all messages and keys of <strong>{client.me.userId}</strong> from this browser. The account
          stays, but using it then takes another device or the recovery code.
        </p>
        <ConfirmButton
          question="Delete everything in this browser? This cannot be undone."
          onConfirm={forget}
        >
          Delete from this browser
        </ConfirmButton>
      </section>
    </PageFrame>
  );
}
