#!/usr/bin/env bash
# npm run try:service: installs what is missing, builds, and shows three containers as a service. See try-service.ts.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/setup.sh
setup
say "building"
npm run --silent build
exec node_modules/.bin/bun run scripts/try-service.ts "$@"
