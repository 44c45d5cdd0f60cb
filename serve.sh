#!/bin/sh
# sh serve.sh [options of python -m app]
#
# The web page on http://127.0.0.1:8000: see `sh serve.sh --help`.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cwd=$(pwd)
cd "$here"
. ./setup.sh
require app/requirements.txt
cd "$cwd"
# By its path: with -m, Python would look for modules in the user's folder first.
PYTHONPATH=$here${PYTHONPATH:+:$PYTHONPATH} exec "$PYTHON" "$here/app" "$@"
