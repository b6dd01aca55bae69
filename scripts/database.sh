#!/usr/bin/env bash
# database.sh [COMMAND…]: the programs built, the database up and migrated; then the command, with where each role
# finds the database.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mkdir -p .local
scripts/postgres.sh start
if [[ -e .local/env ]]; then source .local/env; fi
cargo build --locked
target/debug/migration up
"$@"
