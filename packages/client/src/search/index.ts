export { type SearchOptions, searchMessages } from './search.ts';
