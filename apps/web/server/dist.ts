import { join } from 'node:path';

/** Where the built page lies. Apart from what builds it, since who serves it has no bundler. */
export const DIST = join(import.meta.dirname, '..', 'dist');
