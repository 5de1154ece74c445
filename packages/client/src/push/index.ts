export { catchUp, type News } from './catch-up.ts';
export { type Bridge, openPush, type Push, type PushState, type WebPushTarget } from './push.ts';
