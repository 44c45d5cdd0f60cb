#!/bin/sh
# sh tests/run.sh [pytest's options]: the style check and all tests, on any machine with Python.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."
. ./setup.sh
require tests/requirements.txt
"$PYTHON" -m ruff check .
# One oneDNN setting for all tests: it is read when Paddle is first imported.
FLAGS_use_mkldnn=1 GLOG_minloglevel=2 exec "$PYTHON" -m pytest "$@"
