// npm run fuzz: malformed input for everything that takes bytes from strangers.
import { startCounting } from './fuzz/coverage.ts';

await startCounting();
await import('./fuzz/run.ts');
