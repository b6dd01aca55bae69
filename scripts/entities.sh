#!/usr/bin/env bash
# entities.sh write|check: the entity crate from the database of F6_MIGRATION_DATABASE_URL; `check` only compares.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

CARGO_TARGET_DIR=target/generate cargo build --locked --quiet --manifest-path entity/generate/Cargo.toml
DATABASE_URL=$F6_MIGRATION_DATABASE_URL \
  target/generate/debug/generate generate entity --lib --output-dir "$fresh" >/dev/null
rustfmt --edition 2024 --config-path . "$fresh/lib.rs"

case ${1:-} in
  write)
    rm -rf entity/src
    cp -R "$fresh" entity/src
    chmod 755 entity/src
    ;;
  check)
    diff -ru entity/src "$fresh" || {
      echo "The entities are not those of the migrated database: run make setup." >&2
      exit 1
    }
    ;;
  *)
    echo "usage: $0 write|check" >&2
    exit 2
    ;;
esac
