/** Text that means something to a program that it should never reach as anything but a value. */

export const SHELL = [
  ...[';id', '|id', '&&id', '$(id)', '`id`', '${IFS}id', '>/etc/x', "'$(id)'", '"$(id)"', '*', '~root'],
  ...[
    '{a,b}',
    '!!',
    '#',
    '\\',
    '-rf',
    '--help',
    '%24%28id%29',
    '&#36;(id)',
    '$(printf \\x69d)',
    '\uFF04(id)',
  ],
];

/** Every end of a line, and what a terminal or a parser takes for more than a character. */
export const CONTROLS = [
  ...['\n', '\r', '\r\n', '\u0000', '\u0001', '\t', '\v', '\f', '\u001b[2J', '\u007f', '\u0085', '\u009b'],
  ...['\u2028', '\u2029', '\ud800', '\u202e', '\ufeff\n', '%0a', '%0d%0a', '%00', '\\n', '&#10;', '\n\n\n'],
];

export const NGINX = [
  ...[';', '{', '}', '; }', '{ }', ' ', '$host', '"', "'", '#', '~^.*$', '*.', '.*', '_', '%24host'],
  ...[
    '; return 200 x',
    '; access_log /etc/x',
    '; root /; ',
    '} server { listen 81; } #',
    '; include /etc/passwd;',
  ],
  ...[
    '; proxy_pass http://unix:/run/sculptor/api.sock;',
    '\n}\nserver {\n',
    '; load_module /tmp/x.so;',
    '..com',
  ],
];

export const FPM = [
  ...[
    '[root]',
    ']\n[root',
    '\nuser=root',
    '\nuser = root\n',
    '\naccess.log=/etc/x',
    '\nerror_log=/etc/x',
    ' ; x',
  ],
  ...[
    '\nphp_admin_value[auto_prepend_file]=/tmp/x',
    '\nphp_admin_value[extension]=/tmp/x.so',
    '${PATH}',
    '$pool',
  ],
  ...[
    '\ninclude=/tmp/*.conf',
    '\nenv[LD_PRELOAD]=/tmp/x.so',
    '\nlisten.mode=0666',
    '=',
    '"',
    '\u0085user=root',
  ],
];

export const SUPERVISOR = [
  ...['%', '%(', '%%', '%(ENV_PATH)s', '%(program_name)s', '%(host_node_name)s', ';x', ' ;x', ',x', ':x'],
  ...[
    '\n[program:x]',
    '\n[program:x]\ncommand=/bin/id\nuser=root',
    '\n[include]\nfiles=/tmp/*',
    '\nuser=root',
  ],
  ...[
    '\n command=/bin/id',
    '\r[program:x]',
    '\u2028[program:x]',
    '\nenvironment=A="b"',
    '\n[unix_http_server]',
  ],
];

export const CRON = [
  ...[
    '\n* * * * * root id',
    '%',
    '%0a* * * * * root id',
    '@reboot',
    '\n@reboot root id',
    '\nMAILTO=x',
    '\nSHELL=/tmp/x',
  ],
  ...[
    '\nPATH=/tmp',
    'x.',
    '.placeholder',
    'x~',
    '\r* * * * * root id',
    '*/1 * * * * ',
    '\nLD_PRELOAD=/tmp/x.so',
  ],
];

export const SQL = [
  ...[
    "'",
    '"',
    '`',
    ';',
    '--',
    '/*',
    '\\',
    '%',
    '\\_',
    "' OR '1'='1",
    '`; DROP DATABASE mysql; -- ',
    '\n',
    '\nabc',
  ],
  ...[
    "'@'%",
    '@localhost',
    '`.`x',
    '\u0000',
    '\u00a5',
    '\u02bc',
    '\uff07',
    '\uff40',
    'K',
    '\u0131',
    ' ',
    '\u00a0',
  ],
  ...["', root@localhost IDENTIFIED BY PASSWORD '\n", '` COMMENT "x', '{', '?', ':x', 'CHAR(97)', '\u001a'],
];

export const PATHS = [
  ...[
    '..',
    '/..',
    '/../..',
    '../',
    '/',
    '//',
    '/etc',
    '/./',
    '/.',
    '%2e%2e',
    '%2e%2e%2f',
    '..%2f',
    '%252e',
    '..;/',
  ],
  ...['\\..\\', '....//', '\u2025', '\uFF0F', '/..\u0000', '.../', '/.ssh', '/.git', '~', '/dev/null', ':'],
];

/** The text for itself and wherever it could stand in a value that would be good without it. */
export function around(good: string, texts: readonly string[]): readonly string[] {
  const half = Math.floor(good.length / 2);
  return texts.flatMap((text) => [
    text,
    good + text,
    text + good,
    good.slice(0, half) + text + good.slice(half),
  ]);
}
