#!/usr/bin/env bash
# npm run kernels [-- KERNEL…]: installs what is missing, builds for all architectures and tries each feature on each
# kernel of test/support/vm/kernels.txt, or on those named ("5.10 amd64"). See test/vm/report.ts.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/setup.sh
set +e

setup || exit 1
say "building"
npm run --silent build || exit 1
npm run --silent build -- --arch arm64 || { say "the build for arm64 failed: its kernels will be skipped"; rm -rf dist/arm64; }
install_vm kernels
exec node_modules/.bin/bun test/vm/report.ts "$@"
