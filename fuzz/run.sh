#!/usr/bin/env bash
# Fuzzes each target for SECONDS, one process at a time; `fuzz/run.sh 600 smtp http` only those two.
# What breaks a promise is kept under fuzz/regressions/TARGET, which the ordinary tests replay.
#
# The stable toolchain is enough: the core has no `unsafe`, so no sanitizer is needed, and the coverage
# that libFuzzer wants is a stable compiler flag. Nothing is installed but cargo-fuzz, when it is absent.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-600}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(sed -n 's/^name = "\([a-z0-9_]*\)"$/\1/p' Cargo.toml)

cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --version 0.13.2 --locked --jobs 2
# Only `whole` makes tables, and Arrow takes minutes to build.
features=()
[[ " ${targets[*]} " != *" whole "* ]] || features=(--features tables)
cargo fuzz build --fuzz-dir . --sanitizer none "${features[@]}"

failed=0
for target in "${targets[@]}"; do
  mkdir -p "found/$target" "corpus/$target" "regressions/$target" "artifacts/$target"
  echo "== $target: $seconds s"
  nice cargo fuzz run --fuzz-dir . --sanitizer none "${features[@]}" "$target" "found/$target" "corpus/$target" "regressions/$target" -- \
    -max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=2048 -dict=words.dict -use_value_profile=1 \
    -print_final_stats=1 -artifact_prefix="artifacts/$target/" >"artifacts/$target.log" 2>&1 || failed=1
  grep -E '^stat::number_of_executed_units|^stat::peak_rss_mb|cov: [0-9]+ .*DONE|panicked|ERROR' "artifacts/$target.log" | tail -6 || true
  find "artifacts/$target" -type f -exec cp -n {} "regressions/$target/" \;
  rmdir --ignore-fail-on-non-empty "regressions/$target"
done
exit $failed
