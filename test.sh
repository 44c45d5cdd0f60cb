#!/bin/sh
# sh test.sh [INPUT [OUTPUT]] [options of test.py]
#
# Erases a folder, a file or a glob pattern (examples/) into a folder (results/) and writes
# OUTPUT/submission.zip for the leaderboard. Options begin with a dash: see `sh test.sh --help`.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cwd=$(pwd)
cd "$here"
. ./setup.sh
cd "$cwd"
input=$here/examples output=$here/results
case ${1:--} in -*) ;; *) input=$1; shift ;; esac
case ${1:--} in -*) ;; *) output=$1; shift ;; esac
exec "$PYTHON" "$here/test.py" "$input" --zip --output "$output" "$@"
