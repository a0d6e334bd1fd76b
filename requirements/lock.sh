#!/bin/sh
# Renews both locks for every supported Python and platform: hashes, and no index addresses.
set -eu
here=$(dirname "$0")
uv=$(command -v uv 2>/dev/null || true)
if [ -z "$uv" ]; then
  python=$("$here/python.sh")
  [ -x .tool/bin/uv ] || { "$python" -m venv .tool && .tool/bin/python -m pip install --quiet uv; }
  uv=.tool/bin/uv
fi
compile() {
  "$uv" pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --upgrade \
    --no-emit-index-url --no-header --quiet "$@"
}
compile -o requirements/runtime.lock
compile --group dev -o requirements/dev.lock
