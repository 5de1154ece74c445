export type * from './client.ts';
export type * from './content.ts';
export type * from './conversation.ts';
export type * from './options.ts';
export type * from './presence.ts';
