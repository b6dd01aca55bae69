#!/usr/bin/env bash
# servers.sh start|stop: both servers and a delivery worker in the background, in development, as they were built last.
#
# Each leaves its number, its address and its log below .local/. `start` waits until all are ready.
# Only processes that this script started are ever ended.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/cluster.sh

readonly LOCAL=$PWD/.local
readonly BINARIES=$PWD/target/debug

# A debug build on a busy machine needs seconds to start; nobody waits this long unless something is wrong.
readonly PATIENCE=60

main() {
  case ${1:-} in
    start)
      stop_server write-api
      stop_server query-api
      stop_server delivery
      if [[ -e $LOCAL/env ]]; then source "$LOCAL/env"; fi
      start_server write-api "${F6_WRITE_BIND:-}" 8081
      start_server query-api "${F6_QUERY_BIND:-}" 8082
      # A database of one's own need not have the role.
      if [[ -n ${F6_DELIVERY_DATABASE_URL:-} ]]; then start_server delivery "${F6_DELIVERY_BIND:-}" 8083; fi
      ;;
    stop)
      stop_server write-api
      stop_server query-api
      stop_server delivery
      ;;
    *)
      echo "usage: $0 start|stop" >&2
      exit 2
      ;;
  esac
}

# start_server NAME BIND PORT: at BIND, which must be free; where nobody asked for one, at PORT, or at the next that is free.
start_server() {
  local name=$1 bind=$2 port arguments=(serve)
  [[ $name != delivery ]] || arguments=()
  if [[ -z $bind ]]; then
    port=$(free_port "$3")
    [[ $port == "$3" ]] || say "Port $3 is taken: $name gets $port."
    bind=127.0.0.1:$port
  elif port_is_taken "${bind##*:}"; then
    die "$name is to listen at $bind, and something else listens there."
  fi
  rm -f "$LOCAL/$name.address"
  F6_DEV=true F6_WRITE_BIND=$bind F6_QUERY_BIND=$bind F6_DELIVERY_BIND=$bind F6_ADDRESS_FILE=$LOCAL/$name.address \
    nohup "$BINARIES/$name" "${arguments[@]}" >"$LOCAL/$name.log" 2>&1 </dev/null &
  echo $! >"$LOCAL/$name.pid"
  wait_until_ready "$name"
}

wait_until_ready() {
  local name=$1 started=$SECONDS
  until is_ready "$name"; do
    runs "$name" || die "$name ended before it was ready:"$'\n'"$(tail -n 20 "$LOCAL/$name.log")"
    ((SECONDS - started < PATIENCE)) || die "$name is not ready; its log is $LOCAL/$name.log"
    sleep 0.1
  done
}

# Asks /readyz, with what bash itself can do.
is_ready() {
  local address status
  address=$(cat "$LOCAL/$1.address" 2>/dev/null) || return 1
  {
    exec 3<>"/dev/tcp/${address%:*}/${address##*:}" || return 1
  } 2>/dev/null
  printf 'GET /readyz HTTP/1.0\r\nHost: %s\r\n\r\n' "$address" >&3
  read -r status <&3 || true
  exec 3>&-
  [[ $status == *" 200 "* ]]
}

runs() {
  local pid
  pid=$(cat "$LOCAL/$1.pid" 2>/dev/null) && process_is "$pid" "$BINARIES/$1"
}

stop_server() {
  local pid started=$SECONDS
  if runs "$1"; then
    pid=$(<"$LOCAL/$1.pid")
    kill "$pid"
    while runs "$1"; do
      ((SECONDS - started < PATIENCE)) || die "$1 (process $pid) does not end."
      sleep 0.1
    done
  fi
  rm -f "$LOCAL/$1.pid" "$LOCAL/$1.address"
}

main "$@"
