import { appendFileSync } from 'node:fs';
import { setInterval } from 'node:timers';
import { startHost } from '../../machine/smtp-host.ts';

/* A mail host in a process of its own: mail-host.ts PORT FOLDER-OF-KEY-AND-CERTIFICATE FILE-FOR-WHAT-COMES. */

const [port, tls = '', file = ''] = process.argv.slice(2);

void startHost({
  port: Number(port),
  secure: false,
  key: `${tls}/host.key`,
  cert: `${tls}/host.crt`,
}).then(({ got }) =>
  setInterval(() => {
    for (const { from, to, user, text } of got.splice(0))
      appendFileSync(file, `envelope ${from} to ${to.join()} as ${user}\n${text.replaceAll('\r', '')}\n`);
  }, 100),
);
