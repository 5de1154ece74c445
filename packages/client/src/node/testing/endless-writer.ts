// node endless-writer.ts PATH: opens the store and writes until it is killed. Tells each write once it is durable.
import { writeSync } from 'node:fs';
import { together } from '../../storage/testing/together.ts';
import { openSqliteStore } from '../sqlite.ts';

const [path = ''] = process.argv.slice(2);
const store = await openSqliteStore(path);
for (let round = 1; ; round++) {
  await store.write(together(round));
  // at once, so that nothing that was told is lost with the process
  writeSync(1, `${round}\n`);
}
