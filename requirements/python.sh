#!/bin/sh
# Prints a Python of 3.11 or newer, or says what to install.
for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.14; do
  [ -n "$candidate" ] || continue
  path=$(command -v "$candidate" 2>/dev/null) || continue
  "$path" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
  echo "$path"
  exit 0
done
echo "opsconsole needs Python 3.11 or newer, and none was found. Install python3 and python3-venv, or uv." >&2
exit 1
