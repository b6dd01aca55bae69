#!/usr/bin/env bash
# cases.sh FILE OUT: replays the cases of a file against both servers, on a PostgreSQL cluster that is thrown away
# afterwards, and writes the answers; then, as a step of its own, compares them with what the file expects.
set -euo pipefail

[[ $# -eq 2 && -n $1 && -n $2 ]] || { echo "usage: make cases FILE=cases.json OUT=answers.json" >&2; exit 2; }
file=$(realpath -- "$1") out=$(realpath -m -- "$2")
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cluster=$(mktemp -d "${TMPDIR:-/tmp}/f6-cases.XXXXXX")
trap 'scripts/throwaway-postgres.sh stop "$cluster"' EXIT
F6_TEST_POSTGRES_URL=$(scripts/throwaway-postgres.sh start "$cluster")
export F6_TEST_POSTGRES_URL

cargo build --locked --package migration --package query-api --package write-api --package tests
target/debug/cases replay "$file" "$out"
target/debug/cases compare "$file" "$out"
