#!/bin/sh
# A city of a million pupils over one term beside DuckDB and chDB: benches/city/run.sh FOLDER [STUDENTS] [DAYS]
# FOLDER takes about 4 GB and is used again; making it takes some minutes.
set -eu
cd "$(dirname "$0")/../.."
venv=${XUEQING_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/xueqing/peers}
if ! cmp -s benches/peers/requirements.txt "$venv/installed.txt"; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r benches/peers/requirements.txt
    cp benches/peers/requirements.txt "$venv/installed.txt"
fi
told=$(mktemp)
trap 'rm -f "$told"' EXIT
cargo bench --profile dev -q -p xueqing-benches --bench city -- "$@" | tee "$told"
exec "$venv/bin/python" -B benches/city/peers.py "$1" "$told"
