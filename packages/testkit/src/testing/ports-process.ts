// node ports-process.ts COUNT: prints ports as one of several runs on a machine gets them.
import { unusedPort } from '../ports.ts';

for (let left = Number(process.argv[2]); left > 0; left--) console.log(await unusedPort());
