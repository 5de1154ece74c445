// The route is in the address's fragment, so that the browser's back button works.

export type Route =
  | { page: 'list' | 'new' | 'new-group' | 'devices' | 'settings' }
  /** `messageId`: to be shown, and not the newest. */
  | { page: 'conversation'; id: string; panel?: 'details'; threadId?: string; messageId?: string }
  | { page: 'person'; userId: string }
  /** `link`: the opened link into a group. */
  | { page: 'join'; link?: string };

const PLAIN_PAGES = ['new', 'new-group', 'devices', 'settings'] as const;

export function toHash(route: Route): string {
  switch (route.page) {
    case 'list':
      return '#/';
    case 'join':
      return `#${route.link ?? '/join'}`;
    case 'person':
      return `#/person/${encodeURIComponent(route.userId)}`;
    case 'conversation': {
      const base = `#/c/${encodeURIComponent(route.id)}`;
      const at = route.messageId === undefined ? '' : `/at/${encodeURIComponent(route.messageId)}`;
      if (route.threadId !== undefined) return `${base}/thread/${encodeURIComponent(route.threadId)}${at}`;
      return `${base}${route.panel === undefined ? at : `/${route.panel}`}`;
    }
    default:
      return `#/${route.page}`;
  }
}

const LINK = '#securechat-invite:';

/** Invalid fragments lead to the list. */
export function fromHash(hash: string): Route {
  if (hash.startsWith(LINK)) return { page: 'join', link: hash.slice(1) };
  const [page = '', first, second, third, fourth, fifth] = parts(hash);
  const plain = PLAIN_PAGES.find((each) => each === page);
  if (plain !== undefined) return { page: plain };
  if (page === 'join') return { page };
  if (page === 'person' && first) return { page: 'person', userId: first };
  if (page !== 'c' || !first) return { page: 'list' };
  if (second === 'thread' && third) {
    const at = fourth === 'at' && fifth ? { messageId: fifth } : {};
    return { page: 'conversation', id: first, threadId: third, ...at };
  }
  if (second === 'at' && third) return { page: 'conversation', id: first, messageId: third };
  if (second === 'details') return { page: 'conversation', id: first, panel: 'details' };
  return { page: 'conversation', id: first };
}

function parts(hash: string): string[] {
  try {
    return hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  } catch {
    return [];
  }
}
