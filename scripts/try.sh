#!/usr/bin/env bash
# npm run try: installs what is missing, builds, and shows two containers on a bridge. See try.ts.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/setup.sh
setup
say "building"
npm run --silent build
exec node_modules/.bin/bun run scripts/try.ts "$@"
