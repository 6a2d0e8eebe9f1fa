-- What answers for a domain: its PHP, its files, a program of its own, or nobody.
ALTER TABLE domain_version
  MODIFY type ENUM ('php', 'static', 'laravel', 'proxy', 'node', 'redirect') NOT NULL;
