#!/usr/bin/env bash
# npm run reproduce: builds the last commit twice, in directories of other names and the second time a day later, and
# compares. Ends with 1 when the executables differ.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/setup.sh
install_packages faketime:faketime

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# built DIRECTORY [COMMAND…]: the hash of what COMMAND builds there.
built() {
  local directory=$place/$1; shift
  git clone --quiet . "$directory"
  (cd "$directory" && npm ci --silent --no-audit --no-fund && "$@" npm run --silent build) >&2
  sha256sum <"$directory/dist/bin/berth"
}

one=$(built one)
other=$(built another-directory/of-another-length faketime -f +1d)
echo "$one $other"
[ "$one" = "$other" ] || { say "two builds of one commit differ"; exit 1; }
say "two builds of one commit are the same"
