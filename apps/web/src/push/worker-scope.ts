// The parts of a service worker's scope that ours uses: the types of pages and of workers exclude each other.

type WaitingEvent = Event & { waitUntil(work: Promise<unknown>): void };
type ClickEvent = WaitingEvent & { readonly notification: Notification };
export type OpenPage = {
  readonly url: string;
  readonly visibilityState: DocumentVisibilityState;
  postMessage(message: unknown): void;
  focus(): Promise<unknown>;
};

type WorkerScope = {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly OpenPage[]>;
    openWindow(url: string): Promise<unknown>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'push', listener: (event: WaitingEvent) => void): void;
  addEventListener(type: 'notificationclick', listener: (event: ClickEvent) => void): void;
};

export const worker = globalThis as unknown as WorkerScope;
