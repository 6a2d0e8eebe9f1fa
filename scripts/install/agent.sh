# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# What the agent knows of this server, its one sudo command, and whether it answers.

# The API seals private keys of certificates for it, and root alone opens them. What was sealed for another is lost.
install_seal_key() {
  local key=/etc/sculptor/seal.key
  if [ -s "$key" ]; then
    ensure_rights "$key" 0600 root:root
  else
    try openssl genpkey -algorithm X25519 -out "$work/seal"
    ensure_file "$key" 0600 root:root <"$work/seal"
    rm -f "$work/seal"
  fi
  text_is_its_own "$key"
  seal_key >/dev/null || fail "$key is no key" 'take it from a backup, then run this again.'
}

seal_key() { openssl pkey -in /etc/sculptor/seal.key -pubout -outform DER | base64 -w 0; }

install_facts() {
  local executor=socket port token address failed waiting of_tenant drift panel networks daily weekly monthly
  [ "$mode" = systemd ] || executor=sudo
  install_seal_key
  install_webhook_key
  # Set by the administrator, in the file.
  port=$(fact apiPort)
  token=$(fact requestsPerToken)
  address=$(fact requestsPerAddress)
  failed=$(fact failedLoginsPerAddress)
  waiting=$(fact waitingOperations)
  of_tenant=$(fact waitingOperationsPerTenant)
  drift=$(fact drift)
  panel=$(fact panelAddresses)
  networks=$(fact webhookNetworks)
  daily=$(fact stateDumpsDaily)
  weekly=$(fact stateDumpsWeekly)
  monthly=$(fact stateDumpsMonthly)
  ensure_file /etc/sculptor/agent.json 0644 root:root <<TEXT
{
  "server": "default",
  "serverName": "$server_name",
  "mode": "$mode",
  "apiSocket": "/run/sculptor/api.sock",
  "apiPort": ${port:-null},
  "redisSocket": "/run/sculptor-redis/redis.sock",
  "mariadbSocket": "/run/mysqld/mysqld.sock",
  "mysqlSocket": $([ -n "$mysql_socket" ] && echo "\"$mysql_socket\"" || echo null),
  "mysqlDump": "$mysql_dump",
  "executor": "$executor",
  "executorSocket": "/run/sculptor-executor/executor.sock",
  "probeSocket": "/run/sculptor-probe/http.sock",
  "sealKey": "$(seal_key)",
  "drift": "${drift:-report}",
  "panelAddresses": "$panel",
  "webhookNetworks": "$networks",
  "requestsPerToken": ${token:-6000},
  "requestsPerAddress": ${address:-12000},
  "failedLoginsPerAddress": ${failed:-30},
  "waitingOperations": ${waiting:-10000},
  "waitingOperationsPerTenant": ${of_tenant:-1000},
  "stateDumpsDaily": ${daily:-7},
  "stateDumpsWeekly": ${weekly:-4},
  "stateDumpsMonthly": ${monthly:-6}
}
TEXT
  [ "$outcome" = unchanged ] || wants_restart api worker-privileged worker-unprivileged executor mailer
}

install_sudoers() {
  ensure_file /etc/sudoers.d/sculptor 0440 root:root visudo -cf <"$tree/systemd/sudoers"
}

# For PHP at a command line, of whichever versions are here: in a site's crons and queues too. A site's php-fpm has the
# same in its own configuration.
install_sendmail() {
  local folder
  for folder in /etc/php/*/cli/conf.d; do
    [ ! -d "$folder" ] || ensure_file "$folder/90-sculptor-mail.ini" 0644 root:root <"$tree/systemd/php-mail.ini"
  done
}

check_answers() {
  hint='Its parts tell more: systemctl status "sculptor-*", or the logs in /var/log/sculptor; run this again afterwards.'
  wait_for 60 is_ready || { words && fail 'the agent does not say that it is ready'; }
  rm -f "$unstarted"
  line unchanged 'the agent answers and is ready'
}

is_ready() {
  curl --silent --show-error --fail-with-body --max-time 5 --noproxy '*' --unix-socket /run/sculptor/api.sock \
    http://localhost/v1/health/ready
}
