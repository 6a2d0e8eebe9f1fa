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

// unit, fuzz: no I/O. integration: real Redis and MariaDB. machine, render, fault, chaos, attack, doctor: on an installed
// server. mysql: on one whose tenants have a MySQL (scripts/mysql.sh). scripts, defences: boot servers.
const onAServer = { globalSetup: '<rootDir>/test/machine/roomy.ts' };
const counted = (name) => ({ globalTeardown: `<rootDir>/test/${name}/print-counts.ts` });

export default {
  projects: [
    ...['unit', 'fuzz', 'integration', 'scripts', 'defences'].map((name) => project(name)),
    ...['machine', 'fault', 'failpoints', 'chaos', 'doctor'].map((name) => project(name, onAServer)),
    project('mysql', { globalSetup: '<rootDir>/test/mysql/roomy.ts' }),
    project('render', counted('render')),
    project('attack', { ...onAServer, ...counted('attack') }),
  ],
  // What hangs ends at last; that a machine is slow is not what fails a test.
  testTimeout: 300_000,
};
