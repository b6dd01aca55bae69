#!/usr/bin/env bash
# throwaway-postgres.sh start|crash|freeze|thaw|stop FOLDER [SETTING…]: a PostgreSQL cluster for tests, which forgets everything.
#
# `start` makes it in the folder and prints the superuser's URL; `stop` ends it and removes the folder.
# `crash` kills all its processes as they are, and starts it again; `freeze` stops them as they are until `thaw`. What a SETTING says comes last, and so counts.
# It is fast because it never waits for the disk, and reachable on 127.0.0.1 with the password of the URL, which
# migration/roles.sql gives to the roles as well.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

[[ $# -ge 2 && $1 =~ ^(start|crash|freeze|thaw|stop)$ ]] || die "usage: $0 start|crash|freeze|thaw|stop FOLDER [SETTING…]"

start() {
  local folder=$1 password port
  shift
  [[ ! -e $folder/data ]] || die "$folder holds a cluster already: stop it first."
  password=$(random_password)
  give_folder "$folder" || die "$(postgres_user) cannot enter $folder: choose a folder below /tmp."
  folder=$(cd "$folder" && pwd -P)
  make_cluster "$folder" "$password" --no-sync
  # On the loopback of a test the password may pass as it is: a debug build needs long for SCRAM.
  sed -i.scram 's/scram-sha-256$/password/' "$folder/data/pg_hba.conf"
  configure "$folder" 'fsync = off' 'synchronous_commit = off' 'full_page_writes = off' 'max_connections = 300' \
    'wal_level = minimal' 'max_wal_senders = 0' \
    "f6.migration_password = '$password'" "f6.write_password = '$password'" "f6.query_password = '$password'" "f6.delivery_password = '$password'" "$@"
  port=$(free_port $((20000 + RANDOM % 12000)))
  start_cluster "$folder" "$port"
  echo "postgres://postgres:$password@127.0.0.1:$port/postgres"
}

crash() {
  local folder pid
  folder=$(cd "$1" && pwd -P)
  if cluster_runs "$folder"; then
    pid=$(postmaster "$folder")
    # Its children are ended too: whoever outlived it would hold its memory.
    kill -STOP "$pid"
    kill -KILL $(ps -o pid= --ppid "$pid") "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
  fi
  start_cluster "$folder" "$(<"$folder/port")"
}

freeze() {
  local pid
  pid=$(postmaster "$(cd "$1" && pwd -P)")
  kill -STOP "$pid" $(ps -o pid= --ppid "$pid")
}

thaw() {
  local pid
  pid=$(postmaster "$(cd "$1" && pwd -P)")
  kill -CONT "$pid" $(ps -o pid= --ppid "$pid")
}

postmaster() { head -n 1 "$1/data/postmaster.pid"; }

stop() {
  local folder
  folder=$(cd "$1" && pwd -P)
  stop_cluster "$folder" immediate
  if [[ -e $folder/data/PG_VERSION ]]; then rm -rf "$folder"; fi
}

find_postgres
"$@"
