#!/bin/sh
# Installs the peers once into an environment outside the checkout and runs the comparison.
# usage: benches/peers/run.sh [--rows 3000000] [--binary path/to/xueqing]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${XUEQING_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/xueqing/peers}
if ! cmp -s "$here/requirements.txt" "$venv/installed.txt"; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/installed.txt"
fi
exec "$venv/bin/python" -B "$here/run.py" "$@"
