# Sourced by the other scripts, from the repository's root: leaves a Python with Paddle in $PYTHON.
#
# The active Python is used as it is where Paddle can be imported in it (AI Studio, conda): nothing
# is installed there. Else .venv is made and requirements.txt installed into it, once.
#
#   PYTHON      the Python to use or to make .venv with: a command's name or an absolute path
#   PADDLE_GPU  what pip installs where nvidia-smi finds a GPU; PyPI's ends at 2.6.2

: "${PADDLE_GPU:=paddlepaddle-gpu==3.3.1 --index-url https://www.paddlepaddle.org.cn/packages/stable/cu126/}"

fail() {
    echo "setup.sh: $*" >&2
    exit 2
}

# has_gpu: whether there is an NVIDIA GPU that works.
has_gpu() {
    command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -q GPU
}

# find_python NAME...: print the path of the first that is Python 3.10 to 3.12.
find_python() {
    for candidate in "$@"; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' \
            2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# has_paddle PYTHON: whether Paddle is there; it is not imported, which would take seconds.
has_paddle() {
    "$1" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("paddle") is None)' \
        2>/dev/null
}

# missing FILE: print the requirements of a file that $PYTHON cannot import, but for those whose
# comment begins with 'optional'.
missing() {
    "$PYTHON" - "$1" <<'PY'
import importlib.util
import re
import sys

MODULES = {"opencv-python-headless": "cv2", "scikit-image": "skimage", "pyyaml": "yaml",
           "pillow": "PIL", "pillow-heif": "pillow_heif", "paddlepaddle": "paddle",
           "python-multipart": "python_multipart"}
for line in open(sys.argv[1], encoding="utf-8"):
    requirement, _, comment = line.partition("#")
    requirement = requirement.split(";")[0].strip()
    name = re.match(r"[\w.-]*", requirement)[0]
    if comment.strip().startswith("optional"):
        continue
    if name and importlib.util.find_spec(MODULES.get(name, name)) is None:
        print(f"'{requirement}'", end=" ")
PY
}

# require FILE: install the requirements of a file into .venv, or say which ones an active Python
# lacks.
require() {
    if [ -z "$OURS" ]; then
        lacking=$(missing "$1")
        [ -z "$lacking" ] || fail "the active Python lacks packages: $PYTHON -m pip install $lacking"
        return
    fi
    stamp=.venv/.installed-$(echo "$1" | tr / -)
    cmp -s "$1" "$stamp" && return
    echo "setup.sh: installing $1 into .venv (once)" >&2
    if has_gpu && grep -q '^paddlepaddle' "$1"; then
        # shellcheck disable=SC2086  # the variable holds several words
        "$PYTHON" -m pip install --quiet --disable-pip-version-check $PADDLE_GPU || fail "pip failed: $PADDLE_GPU"
        grep -v '^paddlepaddle' "$1" >.venv/requirements
    else
        cp "$1" .venv/requirements
    fi
    "$PYTHON" -m pip install --quiet --disable-pip-version-check -r .venv/requirements ||
        fail "pip could not install $1; see above"
    cp "$1" "$stamp"
}

if [ -n "${PYTHON:-}" ]; then
    active=$(find_python "$PYTHON") || fail "PYTHON is not a Python 3.10, 3.11 or 3.12: $PYTHON"
else
    active=$(find_python python3 python python3.12 python3.11 python3.10) || active=
fi
if [ -n "$active" ] && has_paddle "$active"; then
    PYTHON=$active OURS=
else
    # Without pip: `python -m venv` was interrupted.
    if [ ! -x .venv/bin/python ] || [ ! -x .venv/bin/pip ]; then
        [ -n "$active" ] || fail "Python 3.10, 3.11 or 3.12 is needed; set PYTHON to one"
        echo "setup.sh: making .venv with $active" >&2
        "$active" -m venv .venv ||
            { rm -rf .venv; fail "no virtual environment; on Debian: apt install python3-venv"; }
    fi
    PYTHON=$(pwd)/.venv/bin/python OURS=yes
fi
require requirements.txt
