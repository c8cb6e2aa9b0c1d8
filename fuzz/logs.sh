#!/usr/bin/env bash
# Fuzzes the readers of text logs for SECONDS each; `fuzz/logs.sh 60 postfix csv` only those two. MAILSCOPE_SHARED, when
# set, adds its real logs to the seeds. What breaks a promise is kept under fuzz/regressions/logs. Nothing is
# installed but atheris, when it is absent.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-60}
shift || true
python=../.venv/bin/python
$python -c "import atheris" 2>/dev/null || $python -m pip install --quiet --require-hashes -r ../requirements/fuzz.lock
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <($python logs.py --list)

failed=0
for target in "${targets[@]}"; do
  log=artifacts/logs/$target.log
  mkdir -p "artifacts/logs/$target"
  nice "$python" logs.py "$target" "$seconds" >"$log" 2>&1 || failed=1
  executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  echo "$target: ${executed:-stopped, see fuzz/$log} executions, $(sed -n 's/^stat::peak_rss_mb: *//p' "$log") MiB"
  [ -z "$(ls -A "artifacts/logs/$target")" ] && continue
  echo "$target: broke its promise, see fuzz/$log and fuzz/regressions/logs/$target"
  mkdir -p "regressions/logs/$target"
  find "artifacts/logs/$target" -type f -exec cp -n {} "regressions/logs/$target/" \;
done
exit $failed
