// node endless-writer.ts PATH: opens the store and writes until it is killed. Prints each write once it is durable.
import { writeSync } from 'node:fs';
import { together } from '../../storage/testing/together.ts';
import { openSqliteStore } from '../sqlite.ts';

const [path = ''] = process.argv.slice(2);
const store = await openSqliteStore(path);
for (let round = 1; ; round++) {
  await store.write(together(round));
  // synchronous, so that nothing printed is lost with the process
  writeSync(1, `${round}\n`);
}
