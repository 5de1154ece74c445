export { runBatch } from './streams/ordered/transaction.ts';
export { createTestClock, type TestClock } from './testing/test-clock.ts';
