const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
  ],
};
const project = (displayName, more = {}) => ({
  displayName,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
  transform,
  ...more,
});

// unit, fuzz: no I/O. integration: real Redis and MariaDB. machine, fault, attack: on an installed server. scripts: boots
// servers.
export default {
  projects: [
    ...['unit', 'fuzz', 'integration', 'machine', 'fault', 'scripts'].map((name) => project(name)),
    project('attack', { globalTeardown: '<rootDir>/test/attack/print-counts.ts' }),
  ],
  testTimeout: 60_000,
};
