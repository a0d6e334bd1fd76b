#!/bin/sh
# usage: install.sh VENV LOCK: put exactly what LOCK names, and this project, into VENV.
set -eu
venv=$1
lock=$2
here=$(dirname "$0")
if command -v uv >/dev/null 2>&1; then
  [ -x "$venv/bin/python" ] || uv venv --quiet --python '>=3.11' "$venv"
  uv pip install --quiet --python "$venv/bin/python" --require-hashes -r "$lock"
  uv pip install --quiet --python "$venv/bin/python" --no-deps -e .
  exit 0
fi
python=$("$here/python.sh")
if ! [ -x "$venv/bin/python" ]; then
  echo "building $venv with $("$python" --version) …"
  "$python" -m venv "$venv" || {
    rm -rf "$venv"
    echo "This Python cannot make an environment: install the package python3-venv, or uv, and try again." >&2
    exit 1
  }
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -e .
