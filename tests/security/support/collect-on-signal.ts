// Loaded into a gateway with --import: collects garbage at SIGUSR2, so that what is left is what is held.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
// or megabytes of code that has not run for a while go at a time of their own, and hide as much that came
setFlagsFromString('--no-flush-bytecode');
const collect = runInNewContext('gc') as () => void;
process.on('SIGUSR2', () => collect());
