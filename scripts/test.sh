#!/usr/bin/env bash
# test.sh [nextest's arguments…]: every test, on a PostgreSQL cluster that is thrown away afterwards.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Hundreds of databases come and go: in memory, where there is plenty, for a fraction of what they take on a disk.
in_memory() {
  local free
  free=$(df --output=avail --block-size=M --type=tmpfs /dev/shm | tail -n 1 | tr -dc 0-9) &&
    ((free >= 6144)) && awk '/^MemAvailable:/ { found = $2 >= 8 * 1024 * 1024 } END { exit !found }' /proc/meminfo
} 2>/dev/null
folder=/tmp
if in_memory; then folder=/dev/shm; fi

cluster=$(mktemp -d "${TMPDIR:-$folder}/f6-test.XXXXXX")
trap 'scripts/throwaway-postgres.sh stop "$cluster"' EXIT
F6_TEST_POSTGRES_URL=$(scripts/throwaway-postgres.sh start "$cluster")
export F6_TEST_POSTGRES_URL

# The scenarios start the servers' binaries, which a test run alone does not build.
cargo build --locked --workspace --all-targets
# Scenarios drive NATS, a fuzzer, the official clients of subscriptions, and the audit of GraphQL over HTTP.
scripts/tool.sh nats-server --version
scripts/tool.sh schemathesis --version
npm ci --silent --no-audit --no-fund --prefix tests/clients
if compgen -G 'demo/*.test.mjs' >/dev/null; then node --test demo/; fi
cargo test --locked --workspace --doc --quiet
# Scenarios wait for servers nearly half of the time.
NEXTEST_TEST_THREADS=${NEXTEST_TEST_THREADS:-$(($(nproc) * 2))} scripts/tool.sh cargo-nextest run --locked --workspace "$@"
