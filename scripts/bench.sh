#!/usr/bin/env bash
# npm run bench [-- --quick]: installs what is missing, builds, and measures. See bench/bench.ts.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/setup.sh
setup
say "building"
npm run --silent build
exec node_modules/.bin/bun run scripts/bench/bench.ts "$@"
