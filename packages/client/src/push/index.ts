export { type Bridge, openPush, type Push, type PushState, type WebPushTarget } from './push.ts';
