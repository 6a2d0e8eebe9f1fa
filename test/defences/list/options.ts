import type { Defence } from '../defence.ts';

const PUT = 'test/unit/executor/site-put.test.ts';
const RENDER = 'test/unit/executor/render.test.ts';
const CONTRACT = 'test/unit/contract/site-options.test.ts';
const VISITED = 'test/machine/visitors.test.ts';

/** How a site is served: what its options may cost others, and what they keep to themselves. */
export const OPTIONS: readonly Defence[] = [
  {
    name: 'hashes that nginx works out at once',
    against: 'a password of one site for which nginx lets all others wait',
    change: { file: 'contract/visitors.ts', from: '\\$2[by]\\$0[56]\\$', to: '\\$2[by]\\$[01][0-9]\\$' },
    noticed: { file: CONTRACT, test: 'the hash "bcrypt of cost 10" is refused' },
  },
  {
    name: 'no PHP among the pages for errors',
    against: 'source that is shown as it is',
    change: { file: 'contract/site-options.ts', from: '){1,5}\\.html?$/', to: '){1,5}$/' },
    noticed: { file: CONTRACT, test: 'the page "/404.php" is refused' },
  },
  {
    name: 'a realm of plain words',
    against: 'a quote that ends it, and directives of nginx behind it',
    change: {
      file: 'worker-privileged/executor/render/site-options.ts',
      from: '/^[A-Za-z0-9 ._-]{1,64}$/',
      to: '/^/',
    },
    noticed: { file: RENDER, test: '"\\"" is no realm and no visitor' },
  },
  {
    name: 'visitors of plain words',
    against: 'a line more, which is a visitor more',
    change: {
      file: 'worker-privileged/executor/render/visitors.ts',
      from: '/^[A-Za-z0-9$./=_@-]{1,200}$/',
      to: '/^/',
    },
    noticed: { file: RENDER, test: '"shop.example\\nuser=root" is no realm and no visitor' },
  },
  {
    name: 'visitors are sent to names of the site alone',
    against: 'an API that was taken and sends all visitors to a neighbour',
    change: {
      file: 'contract/www.ts',
      from: "www === 'asIs' || aliases.includes(other)",
      to: "www !== 'nothing' || aliases.includes(other)",
    },
    noticed: { file: PUT, test: 'a site that sends its visitors to a name it does not hold is refused' },
  },
  {
    name: 'a cap on who is let in',
    against: 'an API that was taken and opens every site that asks for a password',
    change: {
      file: 'worker-privileged/executor/verbs/site.ts',
      from: 'before !== undefined && letsMoreIn(before, spec.options)',
      to: 'before === undefined && letsMoreIn(spec.options, spec.options)',
    },
    noticed: {
      file: PUT,
      test: 'visitors with a password count against the cap on what lets in where they are new, or nobody is asked any more',
    },
  },
  {
    name: 'addresses that are let in are counted',
    against: 'an API that was taken and opens every site that is for few addresses',
    change: {
      file: 'contract/site-options.ts',
      from: 'return keepsAddressesOff(after, before);',
      to: 'return keepsAddressesOff(before, before) && after !== before;',
    },
    noticed: {
      file: CONTRACT,
      test: 'where a list of addresses is gone it is known who is kept off and who let in',
    },
  },
  {
    name: 'what browsers remember is counted',
    against: 'an API that was taken and has browsers refuse all sites for years',
    change: {
      file: 'worker-privileged/executor/verbs/site/destruction.ts',
      from: ' || bindsBrowsersMore(before.hsts, after.hsts)',
      to: ' || (bindsBrowsersMore(before.hsts, after.hsts) && false)',
    },
    noticed: {
      file: 'test/unit/executor/destruction.test.ts',
      test: 'what browsers remember counts as a removal does',
    },
  },
  {
    name: 'where visitors are sent is counted',
    against: 'an API that was taken and sends the visitors of all sites to one of its own',
    change: {
      file: 'worker-privileged/executor/verbs/site/destruction.ts',
      from: "spec.type === 'redirect' && sendsElsewhere",
      to: "spec.type === 'php' && sendsElsewhere",
    },
    noticed: {
      file: 'test/unit/executor/destruction.test.ts',
      test: 'to send visitors elsewhere counts as a removal does, and what is kept for later does not',
    },
  },
  {
    name: 'guesses of each visitor are counted',
    against: 'a visitor who guesses passwords, and keeps all others off meanwhile',
    change: {
      file: 'systemd/nginx/nginx.conf',
      from: 'default $sculptor_visitor$sculptor_site;',
      to: 'default $sculptor_site;',
    },
    noticed: {
      file: VISITED,
      test: 'who guesses passwords is slowed and then refused, and another visitor comes in with the right one',
    },
  },
  {
    name: 'large bodies are counted',
    against: 'visitors of one site who fill the disk of all',
    change: {
      file: 'systemd/nginx/parts/site.conf',
      from: 'limit_conn sculptor_large 32;',
      to: 'limit_conn sculptor_large 32000;',
    },
    noticed: {
      file: VISITED,
      test: 'of large bodies so many come in at once from a visitor, and to a site, and all others as before',
    },
  },
  {
    name: 'large answers of PHP are kept by PHP',
    against: 'a site that answers with gigabytes to visitors who do not fetch them',
    change: {
      file: 'systemd/nginx/parts/fastcgi.conf',
      from: 'fastcgi_max_temp_file_size 4m;',
      to: 'fastcgi_max_temp_file_size 1024m;',
    },
    noticed: {
      file: VISITED,
      test: 'of an answer that is fetched slowly a few megabytes set its PHP free, and of more its PHP keeps the rest',
    },
  },
  {
    name: 'passwords are for nginx alone',
    against: 'a site that reads whom its neighbours let in',
    change: {
      file: 'worker-privileged/executor/verbs/site/visitors.ts',
      from: 'files.replace(path, text, 0o640)',
      to: 'files.replace(path, text)',
    },
    noticed: {
      file: PUT,
      test: 'visitors with a password are written down before the site asks for one, and forgotten once it does not',
    },
  },
  {
    name: 'hashes that the API cannot read',
    against: 'an API that was taken and guesses passwords at leisure',
    change: {
      file: 'state/accounts.sql',
      from: "GRANT INSERT ON sculptor.visitor_hash TO 'www-data'",
      to: "GRANT SELECT, INSERT ON sculptor.visitor_hash TO 'www-data'",
    },
    noticed: {
      file: 'test/integration/api/grants.test.ts',
      test: /SELECT password_hash FROM visitor_hash/,
    },
  },
  {
    name: 'root’s own lines are root’s',
    against: 'a tenant who writes directives of nginx where root let him write a file',
    change: {
      file: 'worker-privileged/executor/system/snippets.ts',
      from: 'stats.uid === 0 && (stats.mode & 0o022) === 0',
      to: 'stats.uid >= 0',
    },
    noticed: {
      file: 'test/machine/snippets.test.ts',
      test: 'where others than root could have written them they are refused, and doctor says so',
    },
  },
];
