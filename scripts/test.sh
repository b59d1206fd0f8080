#!/usr/bin/env bash
# npm test [-- GROUP…]: installs what is missing, builds, runs the groups of tests and sums them up in the last line.
# A group is an npm script test:GROUP over test/GROUP; without arguments all of them run.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/setup.sh
set +e

setup || exit 1
install_vm

if [ "$(id -u)" != 0 ]; then
  say "without root, the tests that need network namespaces are skipped: run this as root for all of them"
fi

say "building"
npm run --silent build || { say "the build failed, so no test ran"; exit 1; }

# What has been built for arm64 is tested too, and skipped where it has not.
if [ -d dist/arm64 ]; then
  npm run --silent build -- --arch arm64 || { say "the build for arm64 failed, so no test ran"; exit 1; }
fi

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
passed=0 failed=0 skipped=0

# count GROUP STATUS: adds up what the runner reported; a failure that is in no report (a file that does not load, a
# crash) counts as one.
count() {
  local totals tests=0 failures=0 skips=0
  totals=$(grep -m1 '<testsuites ' "$reports/$1.xml" 2>/dev/null)
  of() { sed -E "s/.* $1=\"([0-9]+)\".*/\1/" <<<"$totals"; }
  [ -n "$totals" ] && tests=$(of tests) failures=$(of failures) skips=$(of skipped)
  passed=$((passed + tests - failures - skips)) skipped=$((skipped + skips)) failed=$((failed + failures))
  if [ "$2" != 0 ] && [ "$failures" = 0 ]; then
    say "$1 tests ended with status $2 without a failing test: counted as one failure"
    failed=$((failed + 1))
  fi
}

groups=("$@")
[ $# = 0 ] && mapfile -t groups < <(npm pkg get scripts | sed -nE 's/^ *"test:([^"]+)".*/\1/p')
# Those that mostly wait, or whose work one processor does (the machines of vm), run one after the other beside the rest, and
# print when that is done.
aside=(lists vm)

# run GROUP: its tests, with what they print.
run() {
  npm run --silent "test:$1" -- --reporter=junit --reporter-outfile="$reports/$1.xml" </dev/null 2>&1
}

has_tests() { find "test/$1" -name '*.test.ts' 2>/dev/null | grep -q .; }

ahead=() beside=()
for group in "${groups[@]}"; do
  if ! has_tests "$group"; then
    say "no $group tests: test/$group is empty"
  elif [[ " ${aside[*]} " = *" $group "* ]]; then
    beside+=("$group")
  else
    ahead+=("$group")
  fi
done
for group in "${beside[@]}"; do
  run "$group" >"$reports/$group.out"
  echo $? >"$reports/$group.status"
done &
for group in "${ahead[@]}"; do
  say "$group tests"
  run "$group"
  count "$group" $?
done
wait
for group in "${beside[@]}"; do
  say "$group tests"
  cat "$reports/$group.out"
  count "$group" "$(cat "$reports/$group.status")"
done

summary="$passed passed, $failed failed"
[ "$skipped" = 0 ] || summary+=", $skipped skipped"
[ "$((passed + failed))" != 0 ] || say "no test ran"
echo "$summary"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
