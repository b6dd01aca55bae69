#!/usr/bin/env bash
# postgres.sh start|stop|destroy: the PostgreSQL that an F6 is developed and shown on.
#
# Where a Docker engine answers, it is the one of docker-compose.yml; else a private cluster below .local/, run by
# this machine's own PostgreSQL. `start` makes the roles and the database, and writes .local/env, which the other
# scripts source: where each role finds the database. What the environment names already is left as it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/cluster.sh

readonly LOCAL=$PWD/.local
readonly PREFERRED_PORT=54320
# Where the cluster is: below .local/, or elsewhere if PostgreSQL's user cannot come there.
readonly PLACE=$LOCAL/postgres-folder

main() {
  case ${1:-} in
    start) start ;;
    stop) stop ;;
    destroy) destroy ;;
    *)
      echo "usage: $0 start|stop|destroy" >&2
      exit 2
      ;;
  esac
}

start() {
  if [[ -n ${F6_MIGRATION_DATABASE_URL:-} && -n ${F6_WRITE_DATABASE_URL:-} && -n ${F6_QUERY_DATABASE_URL:-} ]]; then
    say "The database is the one that the environment names."
    return
  fi
  (umask 077 && mkdir -p "$LOCAL")
  chmod 755 "$LOCAL"
  passwords
  if docker_answers; then start_compose; else start_private; fi
}

stop() {
  if [[ -e $PLACE ]]; then
    find_postgres
    stop_cluster "$(<"$PLACE")" fast
  fi
  if docker_answers; then docker compose stop postgres; fi
}

destroy() {
  stop
  if [[ -e $PLACE ]]; then rm -rf "$(<"$PLACE")"; fi
  if docker_answers; then docker compose down --volumes; fi
  rm -f "$PLACE" "$LOCAL/passwords" "$LOCAL/env"
}

docker_answers() {
  docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1
}

# A password for each role, made once. Under Compose the file's own hold, unless the environment has others.
passwords() {
  if docker_answers; then
    F6_MIGRATION_PASSWORD=${F6_MIGRATION_PASSWORD:-f6} F6_WRITE_PASSWORD=${F6_WRITE_PASSWORD:-f6}
    F6_QUERY_PASSWORD=${F6_QUERY_PASSWORD:-f6} F6_DELIVERY_PASSWORD=${F6_DELIVERY_PASSWORD:-f6}
    F6_SUPERUSER_PASSWORD=${F6_SUPERUSER_PASSWORD:-f6}
    return
  fi
  (umask 077 && touch "$LOCAL/passwords" && for role in SUPERUSER MIGRATION WRITE QUERY DELIVERY; do
    grep -q "^F6_${role}_" "$LOCAL/passwords" || echo "F6_${role}_PASSWORD=$(random_password)" >>"$LOCAL/passwords"
  done)
  source "$LOCAL/passwords"
}

start_compose() {
  local port
  port=$(docker compose port postgres 5432 2>/dev/null | sed 's/.*://')
  export F6_POSTGRES_PORT=${port:-$(choose_port "$PREFERRED_PORT")}
  docker compose up --detach --wait postgres >&2
  write_env "$F6_POSTGRES_PORT"
}

start_private() {
  local folder port
  find_postgres
  folder=$(private_folder)
  if [[ ! -e $folder/data/PG_VERSION ]]; then
    make_cluster "$folder" "$F6_SUPERUSER_PASSWORD" --data-checksums
  fi
  if cluster_runs "$folder"; then
    port=$(<"$folder/port")
  else
    port=$(choose_port "$(cat "$folder/port" 2>/dev/null || echo $PREFERRED_PORT)")
    start_cluster "$folder" "$port"
  fi
  prepare "$port"
  write_env "$port"
  say "PostgreSQL listens on 127.0.0.1:$port; its folder is $folder."
}

# The cluster's folder, writable by the user who runs it; it may have to lie outside the repository.
private_folder() {
  local folder
  folder=$(cat "$PLACE" 2>/dev/null || true)
  if [[ -z $folder || ! -d $folder ]]; then
    folder=$LOCAL/postgres
    if ! give_folder "$folder"; then
      rm -rf "$folder"
      folder=$(mktemp -d /var/tmp/f6-postgres.XXXXXX)
      give_folder "$folder" || die "$(postgres_user) can write neither below $LOCAL nor below /var/tmp."
      say "$(postgres_user) cannot enter $LOCAL: the database lies in $folder."
    fi
    echo "$folder" >"$PLACE"
  fi
  echo "$folder"
}

# choose_port PREFERRED: the port that F6_POSTGRES_PORT asks for, which must be free; else the first that is.
choose_port() {
  local port=${F6_POSTGRES_PORT:-}
  if [[ -n $port ]]; then
    if port_is_taken "$port"; then die "F6_POSTGRES_PORT is $port, and something else listens there."; fi
  else
    port=$(free_port "$1")
    [[ $port == "$1" ]] || say "Port $1 is taken: PostgreSQL gets $port."
  fi
  echo "$port"
}

# The roles and the database, by the SQL that Compose runs as well.
prepare() {
  PGPASSWORD=$F6_SUPERUSER_PASSWORD PGOPTIONS="-c client_min_messages=warning \
    -c f6.migration_password=$F6_MIGRATION_PASSWORD -c f6.write_password=$F6_WRITE_PASSWORD \
    -c f6.query_password=$F6_QUERY_PASSWORD -c f6.delivery_password=$F6_DELIVERY_PASSWORD" \
    "$POSTGRES_BIN/psql" --quiet --no-psqlrc --set=ON_ERROR_STOP=1 \
    --host=127.0.0.1 --port="$1" --username=postgres --dbname=postgres \
    --file=migration/roles.sql --file=migration/database.sql >&2
}

write_env() {
  local role password
  (umask 077 && for role in MIGRATION WRITE QUERY DELIVERY; do
    password=F6_${role}_PASSWORD
    printf 'export F6_%s_DATABASE_URL="${F6_%s_DATABASE_URL:-postgres://f6_%s:%s@127.0.0.1:%s/f6}"\n' \
      "$role" "$role" "${role,,}" "${!password}" "$1"
  done >"$LOCAL/env")
}

main "$@"
