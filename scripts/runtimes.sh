#!/usr/bin/env bash
# npm run runtimes [-- WORD…]: installs and builds what is missing, released runtimes too, and tries berth and the reference
# with each. See test/runtimes/run.ts.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/setup.sh
set +e

setup || exit 1
install_go containerd github.com/containerd/containerd/v2/cmd/{containerd,ctr,containerd-shim-runc-v2}
install_go buildkit github.com/moby/buildkit/cmd/{buildkitd,buildctl}
say "building"
npm run --silent build || exit 1
exec node_modules/.bin/bun test/runtimes/run.ts "$@"
