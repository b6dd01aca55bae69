#!/usr/bin/env bash
# printed.sh write|check: the schemas that the programs, as built last, print, into the repository; `check` only
# compares.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[[ ${1:-} =~ ^(write|check)$ ]] || {
  echo "usage: $0 write|check" >&2
  exit 2
}
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
failed=0

# printed FILE COMMAND…
printed() {
  local file=$1
  shift
  "$@" >"$fresh/printed"
  if [[ $mode == write ]]; then
    mkdir -p "$(dirname "$file")"
    cp "$fresh/printed" "$file"
  elif ! diff -u "$file" "$fresh/printed"; then
    echo "$file is not what is printed now: run make schemas." >&2
    failed=1
  fi
}

mode=$1
printed schemas/write.graphql target/debug/write-api --print-schema
printed schemas/query.graphql target/debug/query-api --print-schema
printed docs/write_config.schema.json target/debug/write-api config-schema
printed docs/query_config.schema.json target/debug/query-api config-schema
exit "$failed"
