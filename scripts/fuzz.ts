// npm run fuzz: bytes that nobody would send, for everything that takes bytes from strangers.
import { startCounting } from './fuzz/coverage.ts';

await startCounting();
await import('./fuzz/run.ts');
