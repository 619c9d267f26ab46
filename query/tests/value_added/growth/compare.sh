#!/bin/sh
# Percentiles of a large panel against R's: query/tests/value_added/growth/compare.sh [PUPILS [METHOD]]
# Needs Debian's r-cran-quantreg. At 30000 pupils R takes a minute or two.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
answers=$(mktemp)
trap 'rm -f "$answers"' EXIT
Rscript "$here/sgp.R" "${1:-30000}" "${2:-br}" > "$answers"
cd "$here"
XUEQING_SGP_ANSWERS=$answers cargo test -p xueqing-query --lib large_panel -- --ignored --nocapture
