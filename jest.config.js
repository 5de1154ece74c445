// Run through `npm test`, which starts Redis and Postgres and passes the ESM flag that this config relies on.
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{packages,services,apps,tests,scripts,bench}/**/*.test.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/\\.cache/',
    '<rootDir>/\\.data/',
    // Needs the previous release; `npm run upgrade` brings it.
    ...(process.env.UPGRADE_FROM ? [] : ['<rootDir>/tests/upgrade/']),
    // Needs a Docker engine; `npm run test:compose` starts the stack there.
    ...(process.env.COMPOSE_STACK ? [] : ['<rootDir>/tests/compose/']),
    // Take minutes: the operator's command, whole clients, services that are killed or attacked, large files. `npm run test:admin`, `test:client`,
    // `test:faults`, `test:large`, `test:p2p` and `test:security`, or their path, asks for them.
    ...[
      'tests/admin',
      'tests/client',
      'tests/drills',
      'tests/faults',
      'tests/files',
      'tests/p2p',
      'tests/security',
    ]
      .filter((folder) => !process.argv.some((argument) => argument.includes(folder)))
      .map((folder) => `<rootDir>/${folder}/`),
    // Need a server that speaks S3; `npm run test:s3` finds or starts one.
    ...(process.env.TEST_S3_ENDPOINT ? [] : ['\\.s3\\.test\\.ts$']),
    // Need Chromium; `npm run test:browser` looks for it.
    ...(process.env.TEST_BROWSER ? [] : ['\\.browser\\.test\\.ts$']),
  ],
  // `TEST_CLIENT=built npm test -- tests/client`: the SDK as `npm run build:client` has made it, not its sources
  ...(process.env.TEST_CLIENT === 'built' && {
    moduleNameMapper: {
      '^@securechat/client$': '<rootDir>/packages/client/dist/index.js',
      '^@securechat/client/(node)$': '<rootDir>/packages/client/dist/$1/index.js',
      '^@securechat/client/memory$': '<rootDir>/packages/client/dist/memory.js',
    },
  }),
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
  // What files have loaded stays in their worker. One that has grown is replaced by a new one: it would come to more than a gigabyte, and
  // would take longer to end than the half second after which jest kills it and suspects a leak.
  workerIdleMemoryLimit: '500MB',
};
