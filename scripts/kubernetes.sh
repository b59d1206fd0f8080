#!/usr/bin/env bash
# npm run kubernetes [-- WORD…]: installs and builds what is missing, Kubernetes' API server, kubectl and etcd too (a quarter of an hour,
# once), and tries what goes between berth and them. See test/kubernetes/run.ts.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/setup.sh
set +e

setup || exit 1
install_go etcd go.etcd.io/etcd/server/v3
install_go kubernetes k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kubectl}
say "building"
npm run --silent build || exit 1
exec node_modules/.bin/bun test/kubernetes/run.ts "$@"
