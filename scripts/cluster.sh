# One PostgreSQL cluster of our own: found, made, started, stopped. Sourced by the scripts that need one.
#
# A cluster is a folder: data/ (PostgreSQL's), log (its log), port (where it listens, on 127.0.0.1 alone).
# PostgreSQL refuses to run as root, so root lets another user run it, to whom the folder then belongs.

# The oldest PostgreSQL that F6 is tested with.
readonly OLDEST_POSTGRES=15

say() { printf '%s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# Sets POSTGRES_BIN to the folder of the newest PostgreSQL server of this machine; installs Debian's where none is.
find_postgres() {
  POSTGRES_BIN=$(newest_postgres)
  if [[ -z $POSTGRES_BIN ]]; then
    install_postgres
    POSTGRES_BIN=$(newest_postgres)
  fi
  [[ -n $POSTGRES_BIN ]] || die "No PostgreSQL $OLDEST_POSTGRES or newer was found. Install it, or put its folder of binaries into PATH."
}

newest_postgres() {
  local folder major
  {
    pg_config --bindir 2>/dev/null || true
    printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/pgsql/bin
    dirname "$(readlink -f "$(command -v postgres)" 2>/dev/null)" 2>/dev/null || true
  } | while read -r folder; do
    if [[ -x $folder/postgres && -x $folder/initdb && -x $folder/pg_ctl && -x $folder/psql ]]; then
      major=$("$folder/postgres" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
      if ((major >= OLDEST_POSTGRES)); then echo "$major $folder"; fi
    fi
  done | sort -rn | head -n 1 | cut -d ' ' -f 2-
}

install_postgres() {
  command -v apt-get >/dev/null || return 0
  local sudo=()
  ((EUID == 0)) || sudo=(sudo -n)
  say "No PostgreSQL was found: installing Debian's."
  {
    "${sudo[@]}" apt-get update -q
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends postgresql-common
    # Debian would make and start a cluster of its own, which nobody here asked for.
    "${sudo[@]}" sed -i -E 's/^#? *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends postgresql
  } >&2 || die "PostgreSQL could not be installed. Install PostgreSQL $OLDEST_POSTGRES or newer, and try again."
}

# The user who runs the cluster: whoever calls, and where that is root, one who is not.
postgres_user() {
  if ((EUID != 0)); then
    id -un
  elif id postgres >/dev/null 2>&1; then
    echo postgres
  else
    echo nobody
  fi
}

as_postgres() {
  if ((EUID != 0)); then
    (cd / && "$@")
  elif command -v runuser >/dev/null; then
    (cd / && runuser -u "$(postgres_user)" -- "$@")
  else
    (cd / && setpriv --reuid "$(postgres_user)" --regid "$(id -g "$(postgres_user)")" --clear-groups -- "$@")
  fi
}

# Makes the folder, gives it to the user who runs the cluster, and tells whether that user can enter it.
give_folder() {
  mkdir -p "$1"
  chmod 700 "$1"
  if ((EUID == 0)); then chown "$(postgres_user)" "$1"; fi
  as_postgres test -w "$1" 2>/dev/null
}

random_password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# make_cluster FOLDER PASSWORD [initdb's options]: PASSWORD is that of the superuser, postgres.
make_cluster() {
  local folder=$1 password=$2
  shift 2
  (umask 077 && printf '%s\n' "$password" >"$folder/password")
  if ((EUID == 0)); then chown "$(postgres_user)" "$folder/password"; fi
  as_postgres "$POSTGRES_BIN/initdb" --pgdata="$folder/data" --username=postgres --pwfile="$folder/password" \
    --encoding=UTF8 --locale=C --auth=scram-sha-256 "$@" >"$folder/log" 2>&1 ||
    die "The cluster could not be made: $(tail -n 5 "$folder/log")"
  rm "$folder/password"
  if ((EUID == 0)); then chown "$(postgres_user)" "$folder/log"; fi
  configure "$folder" "listen_addresses = '127.0.0.1'" "unix_socket_directories = ''"
}

# configure FOLDER SETTING…: adds settings to the cluster's configuration.
configure() {
  local folder=$1
  shift
  printf '%s\n' "$@" >>"$folder/data/postgresql.conf"
}

# Whether this very cluster runs: a process of the recorded number may long be another's.
cluster_runs() {
  local pid
  pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && [[ $pid =~ ^[0-9]+$ ]] || return 1
  process_is "$pid" "$1/data"
}

# process_is PID TEXT: whether the process lives and its command line holds the text.
process_is() {
  local arguments
  kill -0 "$1" 2>/dev/null || return 1
  arguments=$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null || ps -o args= -p "$1")
  [[ $arguments == *"$2"* ]]
}

# start_cluster FOLDER PORT
start_cluster() {
  # What is left of a cluster that was killed; PostgreSQL itself cannot always tell.
  rm -f "$1/data/postmaster.pid"
  as_postgres "$POSTGRES_BIN/pg_ctl" start --wait --silent --pgdata="$1/data" --log="$1/log" --options="-p $2" >&2 ||
    die "PostgreSQL did not start: $(tail -n 5 "$1/log")"
  echo "$2" >"$1/port"
}

# stop_cluster FOLDER MODE: nothing happens where it does not run.
stop_cluster() {
  if cluster_runs "$1"; then
    as_postgres "$POSTGRES_BIN/pg_ctl" stop --wait --silent --pgdata="$1/data" --mode="$2" >&2
  fi
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The given port, or the first free one in steps of ten: so that neighbours keep their last digit.
free_port() {
  local port=$1
  while port_is_taken "$port"; do port=$((port + 10)); done
  echo "$port"
}
