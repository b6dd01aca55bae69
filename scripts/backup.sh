#!/usr/bin/env bash
# backup.sh dump|restore FILE: everything that must not be lost, into a file and back into an empty database.
#
# F6_MIGRATION_DATABASE_URL names the database; without it, it is the one of `make demo`. The roles and the database
# itself are made before, by migration/roles.sql and migration/database.sql.
# A dump is one moment of the log, and disturbs nobody. A restore is done as a whole or not at all.
set -euo pipefail
readonly CALLED_FROM=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/cluster.sh

main() {
  local command=${1:-} file=${2:-}
  [[ $command =~ ^(dump|restore)$ && -n $file ]] || die "usage: $0 dump|restore FILE"
  if [[ -z ${F6_MIGRATION_DATABASE_URL:-} ]]; then
    scripts/postgres.sh start
    source .local/env
  fi
  find_postgres
  connect "$F6_MIGRATION_DATABASE_URL"
  [[ $file == /* ]] || file=$CALLED_FROM/$file
  "$command" "$file"
}

# Sets DATABASE to the address without its password, which would be seen by everyone on this machine.
connect() {
  [[ $1 =~ ^(postgres(ql)?://[^:/@]+)(:([^@]*))?@(.+)$ ]] ||
    die "F6_MIGRATION_DATABASE_URL is no address such as postgres://f6_migration:…@127.0.0.1/f6"
  # One parameter is known to the driver of F6, and not to PostgreSQL's own programs.
  DATABASE=$(sed -E 's/([?&])statement-cache-capacity=[0-9]+&?/\1/; s/[?&]$//' <<<"${BASH_REMATCH[1]}@${BASH_REMATCH[5]}")
  PGPASSWORD=$(printf '%b' "${BASH_REMATCH[4]//%/\\x}")
  export PGPASSWORD
}

dump() {
  # Whoever finds the file finds it complete, and nobody else may read it.
  (umask 077 && "$POSTGRES_BIN/pg_dump" --format=custom --file="$1.draft" --dbname="$DATABASE")
  mv "$1.draft" "$1"
  say "The dump is $1. Keep write_config.yaml with it: it says what the events mean."
}

restore() {
  [[ -r $1 ]] || die "There is no file $1 to restore."
  [[ $(ask "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0 ]] ||
    die "The database holds tables already: a dump is restored into an empty one."
  "$POSTGRES_BIN/pg_restore" --exit-on-error --single-transaction --no-owner --dbname="$DATABASE" "$1"
  # PostgreSQL knows nothing of what it was just given, and would plan as if there were nothing.
  ask "ANALYZE" >&2
  say "Restored: the log ends at position $(ask "SELECT position FROM head")."
}

ask() {
  "$POSTGRES_BIN/psql" --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$DATABASE" --command="$1"
}

main "$@"
