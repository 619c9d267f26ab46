#!/bin/sh
# Growth percentiles beside R's quantreg, on the same columns in one run: benches/value_added/run.sh [QUANTILES]
# Needs Debian's r-cran-quantreg.
set -eu
cd "$(dirname "$0")/../.."
columns=$(mktemp)
trap 'rm -f "$columns"' EXIT
cargo bench --profile dev -q -p xueqing-benches --bench growth -- "$columns"
Rscript benches/value_added/growth.R "$columns" "${1:-100}"
