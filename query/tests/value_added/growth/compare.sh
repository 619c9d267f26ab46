#!/bin/sh
# Against R, at a size that the tests do not keep: query/tests/value_added/growth/compare.sh [PUPILS [METHOD [SETS [SEED]]]]
# Percentiles of a panel of PUPILS by quantreg's METHOD, and the objectives of SETS small awkward data sets.
# Needs Debian's r-cran-quantreg. At 30000 pupils R takes a minute or two.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
answers=$(mktemp -d)
trap 'rm -r "$answers"' EXIT
Rscript "$here/sgp.R" "${1:-30000}" "${2:-br}" > "$answers/sgp"
Rscript "$here/stress.R" "${3:-1500}" "${4:-1}" "$answers/rq"
cd "$here"
XUEQING_SGP_ANSWERS=$answers/sgp XUEQING_RQ_ANSWERS=$answers/rq \
  cargo test -p xueqing-query --lib value_added::growth -- --ignored --nocapture
