#!/bin/sh
# sh tests/run.sh [pytest's options]: the style check and all tests, on any machine with Python.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."
. ./setup.sh
require app/requirements.txt
require tests/requirements.txt
"$PYTHON" -m ruff check .
# One oneDNN setting for all tests: it is read when Paddle is first imported. Paddle has been seen to
# crash, once and by chance: a test that ends its process, and no other, has one more try. So has one
# that hangs: its process says where, and ends.
FLAGS_use_mkldnn=1 GLOG_minloglevel=2 \
    exec "$PYTHON" -m pytest -n 2 --dist worksteal --reruns 1 --only-rerun "^worker .* crashed" \
    --timeout 600 --timeout-method thread "$@"
