/** Supervisor's programs for the caches' Redis and its keeper. Nothing in them is anybody's. */
export const CACHE_PROGRAMS = ['sculptor-cache', 'sculptor-cache-keeper'] as const;

export function renderCachePrograms(): string {
  const programs = CACHE_PROGRAMS.map(
    (name, number) => `[program:${name}]
command=/usr/lib/sculptor/supervisor/start ${name.replace('sculptor-', '')}
priority=${10 + number}
autorestart=true
startretries=100
stopwaitsecs=30
redirect_stderr=true
stdout_logfile=/var/log/sculptor/${name.replace('sculptor-', '')}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=1
`,
  );
  return `; The caches of sites. Written by the agent, while a site has one.\n\n${programs.join('\n')}`;
}
