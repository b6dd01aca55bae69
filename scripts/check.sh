#!/usr/bin/env bash
# check.sh: everything that can be wrong besides the behaviour, each with the time it took.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

check() {
  local what=$1 started=$SECONDS
  shift
  "$@" || {
    echo "✗ $what" >&2
    exit 1
  }
  echo "✓ $what ($((SECONDS - started)) s)"
}

check "the code is formatted" cargo fmt --all --check
check "the generator is formatted" cargo fmt --manifest-path entity/generate/Cargo.toml --check
check "clippy has nothing to say" cargo clippy --locked --quiet --workspace --all-targets -- -D warnings
# In the workspace its feature is on, as the tests ask for it.
check "clippy has nothing to say of a worker without NATS" cargo clippy --locked --quiet --package delivery --all-targets -- -D warnings
check "the documentation builds" env RUSTDOCFLAGS="-D warnings" cargo doc --locked --quiet --workspace --no-deps
check "nothing is misspelt" scripts/tool.sh typos
check "no dependency is unused" scripts/tool.sh cargo-machete
check "licences, bans and sources hold" scripts/tool.sh cargo-deny --locked check bans licenses sources
# What is built here is what make test needs as well.
check "everything builds" cargo build --locked --quiet --workspace --all-targets
check "the migrations go up, down, up, and the entities are theirs" scripts/check-database.sh
check "the shipped configuration is right" target/debug/write-api check-config write_config.yaml
check "the printed schemas are those of the repository" scripts/printed.sh check
