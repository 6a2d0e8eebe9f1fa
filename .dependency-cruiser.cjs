/** The borders of the layout: who may import whom, and who may never reach what, by any path. */
const ROOMS = 'api|cli|mailer|worker-unprivileged|worker-privileged|runtime|state|contract';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'contract-imports-zod-crypto-and-itself',
      severity: 'error',
      from: { path: '^contract/' },
      to: { pathNot: '^(contract/|node_modules/zod/|(node:)?crypto$)' },
    },
    {
      name: 'state-imports-contract',
      severity: 'error',
      from: { path: '^state/' },
      to: { path: `^(${ROOMS})/`, pathNot: '^(state|contract)/' },
    },
    {
      name: 'runtime-imports-contract',
      severity: 'error',
      from: { path: '^runtime/' },
      to: { path: `^(${ROOMS})/`, pathNot: '^(runtime|contract)/' },
    },
    {
      name: 'api-is-alone',
      severity: 'error',
      from: { path: '^api/' },
      to: { path: '^(cli|mailer|worker-(un)?privileged)/' },
    },
    {
      name: 'cli-is-alone',
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: '^(api|mailer|state|worker-(un)?privileged)/' },
    },
    {
      name: 'worker-unprivileged-is-alone',
      severity: 'error',
      from: { path: '^worker-unprivileged/' },
      to: { path: '^(api|cli|mailer|worker-privileged)/' },
    },
    {
      name: 'worker-privileged-is-alone',
      severity: 'error',
      from: { path: '^worker-privileged/' },
      to: { path: '^(api|cli|mailer|worker-unprivileged)/' },
    },
    {
      name: 'the-mailer-imports-runtime-and-contract',
      severity: 'error',
      from: { path: '^mailer/' },
      to: { path: `^(${ROOMS})/`, pathNot: '^(mailer|runtime|contract)/' },
    },
    {
      name: 'the-mailer-reaches-neither-state-nor-queue',
      severity: 'error',
      from: { path: '^mailer/' },
      to: { path: '^node_modules/(mysql2|ioredis|bullmq|express)/', reachable: true },
    },
    {
      name: 'only-the-mailer-submits',
      severity: 'error',
      from: { path: `^(${ROOMS})/`, pathNot: '^mailer/' },
      to: { path: '^node_modules/nodemailer/' },
    },
    {
      name: 'executor-imports-node-contract-and-zod',
      severity: 'error',
      from: { path: '^worker-privileged/executor/' },
      to: {
        pathNot: '^(worker-privileged/executor/|contract/|node_modules/zod/)',
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'the-worker-sees-only-the-executors-door',
      severity: 'error',
      from: { path: '^worker-privileged/', pathNot: '^worker-privileged/executor/' },
      to: { path: '^worker-privileged/executor/' },
    },
    {
      name: 'only-two-files-start-programs',
      severity: 'error',
      from: {
        path: `^(${ROOMS})/`,
        pathNot: '^worker-privileged/(executor-door|executor/system/command)\\.ts$',
      },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'www-data-cannot-reach-child-process',
      severity: 'error',
      from: { path: '^(api|mailer|worker-unprivileged|runtime|state|contract)/' },
      to: { path: '^worker-privileged/', reachable: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node'],
    },
  },
};
