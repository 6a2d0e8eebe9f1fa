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

// unit: no I/O. integration: real Redis and MariaDB. machine, fault: on an installed server. scripts: boots servers.
export default {
  projects: ['unit', 'integration', 'machine', 'fault', 'scripts'].map((name) => project(name)),
  testTimeout: 60_000,
};
