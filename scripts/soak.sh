#!/usr/bin/env bash
# soak.sh soak|faults [nextest's arguments…]: the scenarios of tests/scenarios/soak, or of tests/scenarios/faults, at full
# length, ten times that of make test.
#
# F6_SOAK is how many tenths are run, ten by default; F6_SEED, which each scenario prints, gives its chance back.
# With the soak, the fuzzers of parsers, configs and guards are run so many times too, each time with other cases; one that
# fails shows the smallest case that it found.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scenarios=$1
shift

cluster=$(mktemp -d "${TMPDIR:-/tmp}/f6-soak.XXXXXX")
trap 'scripts/throwaway-postgres.sh stop "$cluster"' EXIT
F6_TEST_POSTGRES_URL=$(scripts/throwaway-postgres.sh start "$cluster")
export F6_TEST_POSTGRES_URL F6_SOAK=${F6_SOAK:-10}

# The scenarios start the programs, which a test run alone does not build.
cargo build --locked --workspace --all-targets
run() { scripts/tool.sh cargo-nextest run --locked --workspace "$@"; }
failed=0
if [[ $scenarios == soak ]]; then
  run --stress-count "$F6_SOAK" -E 'test(/(^|::)fuzz::/) + binary(fuzz)' --no-tests pass "$@" || failed=$?
  # What ARGS names may be among those alone.
  set -- --no-tests pass "$@"
fi
run --profile soak -E "test(/^$scenarios::/)" "$@"
exit "$failed"
