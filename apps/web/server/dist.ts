import { join } from 'node:path';

/** Folder of the built page. Separate from the build, because the server has no bundler. */
export const DIST = join(import.meta.dirname, '..', 'dist');
