export * from './packed-entry.ts';
export * from './presence-times.ts';
export * from './records.ts';
export * from './requests.ts';
export * from './routing.ts';
export * from './stamp.ts';
export * from './streams.ts';
