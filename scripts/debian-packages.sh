#!/usr/bin/env bash
# Installs the Debian packages that set-up needs, where they are missing and we are root.
set -euo pipefail
missing=()
command -v cc >/dev/null || missing+=(gcc libc6-dev)
command -v make >/dev/null || missing+=(make)
"${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "error: these Debian packages are missing: ${missing[*]}" >&2
  echo "hint: install them with: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
# A mirror may be slow for a moment, and another program may hold apt's locks: a few tries, then the last error stands.
export DEBIAN_FRONTEND=noninteractive
patient=(-qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
for pause in 5 20 60 0; do
  apt-get "${patient[@]}" update || true # the lists that are there may do
  apt-get "${patient[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null && exit 0
  [ "$pause" -eq 0 ] || { echo "apt-get failed, again in $pause s" >&2; sleep "$pause"; }
done
exit 1
