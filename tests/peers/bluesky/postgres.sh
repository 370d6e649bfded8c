#!/bin/sh
# PostgreSQL on 127.0.0.1 in a folder of its own, for whoever runs the test; it refuses to be run by root.
set -eu
folder="$1/postgres" port="$2"
bin="$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)"
mkdir -p "$folder"
as=""
if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder"
    chmod 755 "$1"
    as="setpriv --reuid=postgres --regid=postgres --clear-groups"
fi
$as "$bin/initdb" --pgdata="$folder/data" --username=masthead --auth=trust --no-sync >/dev/null
exec $as "$bin/postgres" -D "$folder/data" -h 127.0.0.1 -p "$port" -c unix_socket_directories= -c fsync=off
