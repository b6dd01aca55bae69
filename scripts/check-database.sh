#!/usr/bin/env bash
# check-database.sh: the migrations go up, down and up again, and the entities are those of the outcome.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/cluster.sh

cluster=$(mktemp -d "${TMPDIR:-/tmp}/f6-check.XXXXXX")
trap 'scripts/throwaway-postgres.sh stop "$cluster"' EXIT
superuser=$(scripts/throwaway-postgres.sh start "$cluster")
find_postgres

# What the database holds, without the moments at which migrations were applied.
contents() { "$POSTGRES_BIN/pg_dump" --schema-only "${superuser/%postgres/f6}" | grep -v '^\\'; }

"$POSTGRES_BIN/psql" --quiet --no-psqlrc --set=ON_ERROR_STOP=1 "$superuser" \
  --file=migration/roles.sql --file=migration/database.sql
F6_MIGRATION_DATABASE_URL=$(sed 's|//postgres:|//f6_migration:|; s|/postgres$|/f6|' <<<"$superuser")
export F6_MIGRATION_DATABASE_URL

target/debug/migration down >/dev/null
contents >"$cluster/before"
target/debug/migration up >/dev/null
contents >"$cluster/up"
target/debug/migration down >/dev/null
contents | diff -u "$cluster/before" - || die "Going down leaves something behind."
target/debug/migration up >/dev/null
contents | diff -u "$cluster/up" - || die "Going up again leads elsewhere."
scripts/entities.sh check
