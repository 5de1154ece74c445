// Run through `npm test`, which starts Redis and Postgres and passes the ESM flag that this config relies on.
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{packages,services,apps,tests,scripts}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/\\.cache/', '<rootDir>/\\.data/'],
  modulePathIgnorePatterns: ['<rootDir>/\\.cache/', '<rootDir>/\\.data/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2024', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  coverageProvider: 'v8',
  // Real servers and child processes start slowly on a busy machine with two cores.
  testTimeout: 30_000,
  // One more than cores: tests of whole systems mostly wait. 4.4 minutes instead of 5.6 on two cores.
  maxWorkers: process.env.TEST_WORKERS ?? 3,
};
