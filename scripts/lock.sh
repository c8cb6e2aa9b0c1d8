#!/usr/bin/env bash
# Pins every Python package with its hashes; names no index and no host.
set -euo pipefail
cd "$(dirname "$0")/../requirements"
compile() {
  CUSTOM_COMPILE_COMMAND="make lock" ../.venv/bin/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe \
    --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options --resolver=backtracking "$@"
}
compile --output-file runtime.lock ../pyproject.toml
compile --output-file dev.lock dev.in
compile --output-file fuzz.lock fuzz.in
