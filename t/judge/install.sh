#!/bin/sh
# Installs the judges of t/players.t into a folder of the build, exactly as
# package-lock.json has them; does nothing when they are there.
# usage: t/judge/install.sh FOLDER

set -eu

here=$(dirname "$0")
into=$1

if ! command -v npm > /dev/null || ! command -v node > /dev/null; then
    echo "node or npm is not installed: run \`make deps\`" >&2
    exit 1
fi

mkdir -p "$into"

# one installer at a time; the others find it done
exec 9> "$into/.lock"
flock 9

if cmp -s "$here/package-lock.json" "$into/node_modules/.installed"; then
    exit 0
fi

cp "$here/package.json" "$here/package-lock.json" "$into/"

if ! npm ci --prefix "$into" --ignore-scripts --no-audit --no-fund \
    > "$into/npm.log" 2>&1
then
    tail -n 20 "$into/npm.log" >&2
    echo "npm could not install the judges: is its registry in reach?" >&2
    exit 1
fi

cp "$here/package-lock.json" "$into/node_modules/.installed"
