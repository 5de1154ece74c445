// This browser's preferences: nothing secret, so kept outside the encrypted store.

export type Theme = 'system' | 'light' | 'dark';

export type Preferences = {
  theme: Theme;
  /** Undefined until chosen here: then the account's setting applies. */
  readReceipts: boolean | undefined;
  /** Others can see when this user is online or typing. */
  isShown: boolean;
  /** New messages are written in markdown. */
  isMarkdown: boolean;
  /** Expiry of new messages in ms, by conversation id. */
  timers: Record<string, number>;
};

const DEFAULTS: Preferences = {
  ...{ theme: 'system', readReceipts: undefined, isShown: true },
  ...{ isMarkdown: true, timers: {} },
};

const keyOf = (profile: string) => `securechat:${profile}:preferences`;

export function loadPreferences(profile: string): Preferences {
  return readPreferences(localStorage.getItem(keyOf(profile)));
}

export function savePreferences(profile: string, preferences: Preferences): void {
  localStorage.setItem(keyOf(profile), JSON.stringify(preferences));
}

/** Anybody can write there (an older version, a person at the console): invalid values become the default. */
export function readPreferences(text: string | null): Preferences {
  const saved = parse(text);
  const { theme, readReceipts, isShown, isMarkdown, timers } = saved;
  return {
    theme: theme === 'light' || theme === 'dark' ? theme : DEFAULTS.theme,
    readReceipts: typeof readReceipts === 'boolean' ? readReceipts : DEFAULTS.readReceipts,
    isShown: typeof isShown === 'boolean' ? isShown : DEFAULTS.isShown,
    isMarkdown: typeof isMarkdown === 'boolean' ? isMarkdown : DEFAULTS.isMarkdown,
    timers: Object.fromEntries(
      Object.entries(timers ?? {}).filter(([, forMs]) => Number.isSafeInteger(forMs) && forMs >= 1_000),
    ),
  };
}

function parse(text: string | null): Partial<Preferences> {
  try {
    const saved: unknown = JSON.parse(text ?? '{}');
    return typeof saved === 'object' && saved !== null ? saved : {};
  } catch {
    return {};
  }
}

/** The style sheets do the rest. */
export function showTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
