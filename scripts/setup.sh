#!/usr/bin/env bash
# Installs what building, testing and trying out need and this machine lacks; with nothing missing it does nothing.
# Run it, or source it for its functions.
set -euo pipefail

BERTH_CACHE=${BERTH_CACHE:-$HOME/.cache/berth}

# The release that tests compare with: its plugins, and the cnitool of the libcni that it was built with.
# BERTH_REFERENCE tries another than package.json's. test/support/needs.ts names the directory too.
RELEASE=${BERTH_REFERENCE:-$(sed -nE 's/^ *"reference": "(.*)",$/\1/p' "$(dirname "${BASH_SOURCE[0]}")/../package.json")}
REFERENCE=$BERTH_CACHE/reference-$RELEASE
REFERENCE_PLUGINS=({main/{bridge,loopback,ptp,macvlan,ipvlan,vlan,host-device,dummy,tap},ipam/{host-local,static,dhcp},meta/{portmap,firewall,tuning,bandwidth,sbr,vrf}})

# command:package
COMMANDS=(ip:iproute2 nft:nftables iptables:iptables ping:iputils-ping strace:strace time:time
  containerd:containerd runc:runc busybox:busybox-static valgrind:valgrind python3:python3)

# Another kernel, with what this machine's may lack, for test/vm: booted in software emulation.
VM_KERNEL=$BERTH_CACHE/vm-kernel
[ "$(uname -m)" != x86_64 ] || COMMANDS+=(qemu-system-x86_64:qemu-system-x86)

say() { printf '==> %s\n' "$*"; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# Of command:package, those whose command is missing.
install_packages() {
  local missing=() entry
  for entry; do
    PATH=$PATH:/usr/sbin:/sbin type -P "${entry%%:*}" >/dev/null || missing+=("${entry##*:}")
  done
  [ ${#missing[@]} = 0 ] && return
  say "installing ${missing[*]} with apt-get"
  as_root apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

# For the C library of the executable: scripts/build.mjs.
install_musl() {
  install_packages musl-gcc:musl-tools || return
  local target; target=$(uname -m)-unknown-linux-musl
  [ -d "$(rustc --print target-libdir --target "$target" 2>/dev/null)" ] && return
  type -P rustup >/dev/null || return
  say "installing Rust's library for $target with rustup"
  rustup --quiet target add "$target"
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
  local module=github.com/containernetworking/plugins new=$REFERENCE.$$ packages libcni
  libcni=$(go mod download -json "$module@$RELEASE" | sed -nE 's/^\t"GoMod": "(.*)",$/\1/p')
  libcni=$(sed -nE 's,^\s+github.com/containernetworking/cni (v.*)$,\1,p' "${libcni:-/dev/null}")
  say "building the reference plugins $RELEASE and cnitool ${libcni:-?} into $REFERENCE (once)"
  mkdir -p "$new"
  packages=("${REFERENCE_PLUGINS[@]/#/$module/plugins/}")
  # As the reference's releases are built.
  local version="-X $module/pkg/utils/buildversion.BuildVersion=$RELEASE"
  local install=(env CGO_ENABLED=0 GOBIN="$new" go install -trimpath -ldflags "-s -w $version")
  if [ -n "$libcni" ] && "${install[@]}" "${packages[@]/%/@$RELEASE}" &&
    "${install[@]}" "github.com/containernetworking/cni/cnitool@$libcni"; then
    rm -rf "$REFERENCE" && mv "$new" "$REFERENCE"
  else
    rm -rf "$new"
    say "the reference could not be built: tests that compare with it will be skipped"
  fi
}

# Debian's package of it, unpacked and not installed: test/support/vm/kernel.ts names the directory too.
install_vm_kernel() {
  [ "$(uname -m)" = x86_64 ] || return 0
  compgen -G "$VM_KERNEL/boot/vmlinuz-*" >/dev/null && return
  local package new=$VM_KERNEL.$$ find='s/^ *Depends: (linux-image-[0-9].*)/\1/p'
  package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -nE "$find" | head -n1)
  [ -n "$package" ] || { as_root apt-get update -qq &&
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -nE "$find" | head -n1); }
  say "unpacking ${package:-linux-image-cloud-amd64} into $VM_KERNEL (once)"
  mkdir -p "$new"
  if [ -n "$package" ] && (cd "$new" && apt-get download -qq "$package" 2>/dev/null && dpkg -x ./*.deb . && rm ./*.deb); then
    rm -rf "$VM_KERNEL" && mv "$new" "$VM_KERNEL"
  else
    rm -rf "$new"
    say "the kernel could not be had: the tests that boot it will be skipped"
  fi
}

setup() {
  install_packages "${COMMANDS[@]}" || say "apt-get could not install all of it: tests that need it will fail or be skipped"
  install_modules || { say "npm ci failed, so nothing can be built"; return 1; }
  install_reference
  install_vm_kernel
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  cd "$(dirname "$0")/.."
  setup
fi
