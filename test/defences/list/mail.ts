import type { Defence } from '../defence.ts';

const LETTER = 'test/unit/mailer/letter.test.ts';

/** Mail from sites: as whom, to whom, and how much. */
export const MAIL: readonly Defence[] = [
  {
    name: 'an envelope that names the site',
    against: 'a site that sends as its neighbour',
    change: { file: 'mailer/letter.ts', from: 'from: sender,', to: 'from: from ?? sender,' },
    noticed: {
      file: LETTER,
      test: 'a message gets what it lacks, and an envelope that names the site',
    },
  },
  {
    name: 'fields that only the server says',
    against: 'a message that names another site in its header',
    change: {
      file: 'mailer/letter.ts',
      from: "['bcc', 'resent-bcc', 'return-path', 'x-sculptor-site']",
      to: "['bcc']",
    },
    noticed: { file: LETTER, test: 'what only this side says is not taken from a program' },
  },
  {
    name: 'each field once',
    against: 'a line that was smuggled into a header',
    change: {
      file: 'mailer/header.ts',
      from: 'if (ONCE.has(name) && seen.has(name))',
      to: 'if (seen.size < 0)',
    },
    noticed: { file: LETTER, test: 'a second field that there is once is refused' },
  },
  {
    name: 'addresses that mean one thing',
    against: 'a recipient that is a command to the mail host',
    change: { file: 'mailer/addresses.ts', from: '!LOCAL_PART.test(local) || ', to: '' },
    noticed: { file: LETTER, test: /the recipient .* of a command line is refused/ },
  },
  {
    name: 'recipients of an hour',
    against: 'a site that has been broken into and writes to everybody',
    change: {
      file: 'mailer/hourly.ts',
      from: 'if (sum(minutes) + count > most)',
      to: 'if (count > most)',
    },
    noticed: {
      file: 'test/unit/mailer/kept.test.ts',
      test: 'fifty at once against a limit of ten: ten are taken',
    },
  },
  {
    name: 'letters of the server of an hour',
    against: 'who has become www-data and fills a mailbox',
    change: {
      file: 'mailer/notices.ts',
      from: 'if (!(await hourly.take(of, { count: 1, most: perHour })))',
      to: 'if (!(await hourly.take(of, { count: 0, most: perHour })))',
    },
    noticed: {
      file: 'test/unit/mailer/notices.test.ts',
      test: 'in an hour so many letters as root says, however they are asked for; then all the rest in one',
    },
  },
  {
    name: 'a letter of the server once',
    against: 'a worker that is killed before it notes what it handed over',
    change: {
      file: 'mailer/notices.ts',
      from: 'its.filter(({ id }) => !told.has(keyOf(id, to)))',
      to: 'its',
    },
    noticed: {
      file: 'test/unit/mailer/notices.test.ts',
      test: 'asked for again it is written once, also after a new start, and to who is new alone',
    },
  },
  {
    name: 'words of a letter that are words alone',
    against: 'a tenant’s name, or a sentence of who has become www-data, that begins a line of its own',
    change: { file: 'mailer/notice-text.ts', from: '/[\\p{C}\\p{Zl}\\p{Zp}]/gu', to: '/\\0/gu' },
    noticed: {
      file: 'test/unit/mailer/notice-text.test.ts',
      test: /in a name or a sentence begins no field, no line and no other letter/,
    },
  },
  {
    name: 'mode of a site’s way to the mailer',
    against: 'anybody on the server who sends as a site',
    change: { file: 'mailer/door.ts', from: 'await chmod(path, 0o660);', to: 'await chmod(path, 0o666);' },
    noticed: {
      file: 'test/unit/mailer/doors.test.ts',
      test: 'whose a message is, the socket says that it came through',
    },
  },
];
