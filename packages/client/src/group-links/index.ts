export { LinkRefused } from './errors.ts';
export { type GroupLink, type GroupLinks, openGroupLinks } from './group-links.ts';
