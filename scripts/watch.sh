#!/usr/bin/env bash
# watch.sh: both servers, built and started anew when a source or a config changes. Ctrl-C ends them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly SEEN=.local/watched
readonly WATCHED=(Cargo.toml Cargo.lock door entity migration query-api read-model write-api write_config.yaml query_config.yaml)

end() {
  trap - EXIT INT TERM
  if [[ -n ${logs:-} ]]; then kill "$logs" 2>/dev/null || true; fi
  scripts/servers.sh stop
}
trap end EXIT
trap 'exit 130' INT TERM

# What does not build, or does not start, is told; the next change may mend it.
build_and_start() {
  touch "$SEEN"
  if cargo build --locked && scripts/servers.sh start; then
    echo "write: http://$(<.local/write-api.address)/   query: http://$(<.local/query-api.address)/"
  fi
}

touch .local/write-api.log .local/query-api.log
tail -n 0 -F .local/write-api.log .local/query-api.log 2>/dev/null &
logs=$!
build_and_start
while sleep 1; do
  if [[ -n $(find "${WATCHED[@]}" -type f -newer "$SEEN" -print -quit) ]]; then build_and_start; fi
done
