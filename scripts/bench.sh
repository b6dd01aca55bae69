#!/usr/bin/env bash
# bench.sh [bench's arguments…]: everything measured in a release build, on a PostgreSQL cluster of its own.
#
# The cluster waits for the disk as in production, and is kept below target/bench between runs, because filling it with a
# million events takes a while; `cargo clean` forgets it. BUILD=no measures what was built before.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/cluster.sh

main() {
  if [[ ${BUILD:-yes} == yes ]]; then
    cargo build --locked --profile bench -p bench -p delivery -p migration -p query-api -p write-api
  fi
  find_postgres
  folder=$(choose_folder)
  if [[ ! -e $folder/data/PG_VERSION ]]; then make "$folder"; fi
  # Not local: the trap runs when main is over.
  trap 'stop_cluster "$folder" fast' EXIT
  if ! cluster_runs "$folder"; then start_cluster "$folder" "$(free_port 20500)"; fi
  F6_BENCH_POSTGRES_BIN=$POSTGRES_BIN \
    F6_BENCH_POSTGRES_URL="postgres://postgres:$(<"$folder/secret")@127.0.0.1:$(<"$folder/port")/postgres" \
    target/release/bench "$@"
}

# Below target/, or elsewhere if PostgreSQL's user cannot come there.
choose_folder() {
  local folder=$PWD/target/bench/postgres
  if ! give_folder "$folder"; then
    rmdir "$folder"
    folder=/var/tmp/f6-bench-postgres
    give_folder "$folder" || die "$(postgres_user) can write neither below target/bench nor below /var/tmp."
  fi
  echo "$folder"
}

make() {
  local folder=$1 password
  password=$(random_password)
  make_cluster "$folder" "$password" --data-checksums
  # Durable commits, as by default. More memory than by default, and rarer checkpoints, as on any real server;
  # the yardstick has the same.
  configure "$folder" 'fsync = on' 'synchronous_commit = on' 'full_page_writes = on' \
    'shared_buffers = 1GB' 'max_wal_size = 8GB' 'checkpoint_timeout = 30min' 'max_connections = 300' \
    "f6.migration_password = '$password'" "f6.write_password = '$password'" "f6.query_password = '$password'" "f6.delivery_password = '$password'"
  (umask 077 && echo "$password" >"$folder/secret")
}

main "$@"
