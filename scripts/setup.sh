#!/usr/bin/env bash
# Installs what building, testing and trying out need and this machine lacks; with nothing missing it does nothing.
# Run it, or source it for its functions.
set -euo pipefail

BERTH_CACHE=${BERTH_CACHE:-$HOME/.cache/berth}

# The plugins that tests compare with, and libcni's command. test/support/needs.ts names this directory too.
REFERENCE=$BERTH_CACHE/reference-v1.9.1
REFERENCE_PLUGINS=(main/bridge main/loopback ipam/host-local ipam/static meta/tuning)

# command:package
COMMANDS=(ip:iproute2 nft:nftables iptables:iptables ping:iputils-ping strace:strace time:time
  containerd:containerd runc:runc busybox:busybox-static)

say() { printf '==> %s\n' "$*"; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

install_packages() {
  local missing=() entry
  for entry in "${COMMANDS[@]}"; do
    PATH=$PATH:/usr/sbin:/sbin type -P "${entry%%:*}" >/dev/null || missing+=("${entry##*:}")
  done
  [ ${#missing[@]} = 0 ] && return
  say "installing ${missing[*]} with apt-get"
  as_root apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

install_modules() {
  [ node_modules/.package-lock.json -nt package-lock.json ] && return
  say "installing node modules (npm ci)"
  npm ci --silent --no-audit --no-fund
}

have_reference() {
  local plugin
  for plugin in "${REFERENCE_PLUGINS[@]}" cnitool; do [ -x "$REFERENCE/${plugin##*/}" ] || return 1; done
}

install_reference() {
  have_reference && return
  if ! type -P go >/dev/null; then
    say "go is not installed: tests that compare with the reference plugins will be skipped"
    return
  fi
  say "building the reference plugins v1.9.1 and cnitool v1.3.0 into $REFERENCE (once)"
  local new=$REFERENCE.$$ plugins=github.com/containernetworking/plugins/plugins
  mkdir -p "$new"
  local packages=("${REFERENCE_PLUGINS[@]/#/$plugins/}")
  packages=("${packages[@]/%/@v1.9.1}")
  local install=(env CGO_ENABLED=0 GOBIN="$new" go install -trimpath -ldflags "-s -w")
  if "${install[@]}" "${packages[@]}" &&
    "${install[@]}" github.com/containernetworking/cni/cnitool@v1.3.0; then
    rm -rf "$REFERENCE" && mv "$new" "$REFERENCE"
  else
    rm -rf "$new"
    say "the reference could not be built: tests that compare with it will be skipped"
  fi
}

setup() {
  install_packages || say "apt-get could not install all of it: tests that need it will fail or be skipped"
  install_modules || { say "npm ci failed, so nothing can be built"; return 1; }
  install_reference
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  cd "$(dirname "$0")/.."
  setup
fi
