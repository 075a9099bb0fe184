#!/bin/bash
# with-postgres.sh COMMAND...: runs a command beside a PostgreSQL of its own, and takes both away afterwards.
#
# The server listens on a unix socket in a folder of its own only; PGHOST, PGPORT, PGUSER and PGDATABASE name it. It keeps
# nothing: no fsync, no data after the command. Root runs the server as postgres, since it refuses root.
set -euo pipefail

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
if [ -z "$bin" ]; then
    echo "with-postgres.sh: PostgreSQL is not installed: run tools/packages" >&2
    exit 69
fi
dir=$(mktemp -d /tmp/ros-db-XXXXXX)

as_pg() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@")
    else
        "$@"
    fi
}

finish() {
    as_pg "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap finish EXIT

[ "$(id -u)" != 0 ] || chown postgres: "$dir"
as_pg "$bin/initdb" -D "$dir/data" -A trust -U postgres -E UTF8 --locale=C --no-sync >"$dir/initdb.log"
as_pg "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/server.log" \
    -o "-k $dir -c listen_addresses='' -c fsync=off -c max_connections=40 -c shared_buffers=32MB" start >/dev/null
export PGHOST=$dir PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
"$@"
