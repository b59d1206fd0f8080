#!/usr/bin/env bash
# Installs what building, testing and trying out need and this machine lacks; with nothing missing it does nothing.
# Run it, or source it for its functions.
set -euo pipefail

BERTH_CACHE=${BERTH_CACHE:-$HOME/.cache/berth}

# The release that tests compare with: its plugins, and the cnitool of the libcni that it was built with.
# BERTH_REFERENCE tries another than package.json's. test/support/needs.ts names the directory too.
RELEASE=${BERTH_REFERENCE:-$(sed -nE 's/^ *"reference": "(.*)",$/\1/p' "$(dirname "${BASH_SOURCE[0]}")/../package.json")}
REFERENCE=$BERTH_CACHE/reference-$RELEASE
REFERENCE_MODULE=github.com/containernetworking/plugins
REFERENCE_PLUGINS=({main/{bridge,loopback,ptp,macvlan,ipvlan,vlan,host-device,dummy,tap},ipam/{host-local,static,dhcp},meta/{portmap,firewall,tuning,bandwidth,sbr,vrf}})

# As the reference's releases are built.
REFERENCE_BUILD=(env CGO_ENABLED=0 go install -trimpath
  -ldflags "-s -w -X $REFERENCE_MODULE/pkg/utils/buildversion.BuildVersion=$RELEASE")

# command:package
COMMANDS=(ip:iproute2 nft:nftables iptables:iptables ping:iputils-ping strace:strace time:time
  containerd:containerd runc:runc podman:podman curl:curl busybox:busybox-static valgrind:valgrind python3:python3
  jsonschema:python3-jsonschema conntrack:conntrack)

. "$(dirname "${BASH_SOURCE[0]}")/debian.sh"
. "$(dirname "${BASH_SOURCE[0]}")/vm.sh"

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

# install_cross ARCHITECTURE MACHINE: for building for another architecture, a MACHINE as Rust calls it: scripts/targets.mjs.
install_cross() {
  install_packages "$2-linux-gnu-gcc:gcc-${2//_/-}-linux-gnu" "qemu-$2-static:qemu-user-static"
  install_foreign_musl "$1" "$2"
  local target=$2-unknown-linux-musl
  [ -d "$(rustc --print target-libdir --target "$target" 2>/dev/null)" ] && return
  type -P rustup >/dev/null || return
  say "installing Rust's library for $target with rustup"
  rustup --quiet target add "$target"
}

# musl's headers, and a compiler that uses them; Rust has the library itself.
install_foreign_musl() {
  local place=$BERTH_CACHE/musl-$1 new=$BERTH_CACHE/musl-$1.$$ suite
  [ -x "$place/musl-gcc" ] && return
  say "unpacking musl's headers for $1 into $place (once)"
  if ! { suite=$(debian_says CODENAME) && debian_lists "$suite" "$1" && unpack "$new" "$suite" "$1" musl-dev; }; then
    rm -rf "$new"
    return 1
  fi
  sed "s,/usr/,$place/usr/,g" "$new/usr/lib/$2-linux-musl/musl-gcc.specs" >"$new/musl-gcc.specs"
  printf '#!/bin/sh\nexec %s-linux-gnu-gcc "$@" -specs "%s/musl-gcc.specs"\n' "$2" "$place" >"$new/musl-gcc"
  chmod +x "$new/musl-gcc"
  rm -rf "$place" && mv "$new" "$place"
}

install_modules() {
  # A link is to another tree's, which npm ci would empty.
  [ -L node_modules ] && return
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
  local module=$REFERENCE_MODULE new=$REFERENCE.$$ packages libcni
  libcni=$(go mod download -json "$module@$RELEASE" | sed -nE 's/^\t"GoMod": "(.*)",$/\1/p')
  libcni=$(sed -nE 's,^\s+github.com/containernetworking/cni (v.*)$,\1,p' "${libcni:-/dev/null}")
  say "building the reference plugins $RELEASE and cnitool ${libcni:-?} into $REFERENCE (once)"
  mkdir -p "$new"
  packages=("${REFERENCE_PLUGINS[@]/#/$module/plugins/}")
  local install=(env GOBIN="$new" "${REFERENCE_BUILD[@]}")
  if [ -n "$libcni" ] && "${install[@]}" "${packages[@]/%/@$RELEASE}" &&
    "${install[@]}" "github.com/containernetworking/cni/cnitool@$libcni"; then
    rm -rf "$REFERENCE" && mv "$new" "$REFERENCE"
  else
    rm -rf "$new"
    say "the reference could not be built: tests that compare with it will be skipped"
  fi
}

# install_go NAME PACKAGE…: programs of a released Go module, of the version that test/runtimes/versions.json has for NAME.
# In a module of its own, since some cannot be installed without one.
install_go() {
  local name=$1 version place new
  version=$(sed -nE "s/^ *\"$name\": \"(.*)\".*/\1/p" "$(dirname "${BASH_SOURCE[0]}")/../test/runtimes/versions.json")
  local packages=("${@:2}")
  packages=("${packages[@]/%/@$version}")
  place=$BERTH_CACHE/runtimes/$name-$version new=$BERTH_CACHE/runtimes/$name-$version.$$
  [ -d "$place" ] && return
  if ! type -P go >/dev/null; then
    say "go is not installed: tests that need $name will be skipped"
    return
  fi
  say "building $name $version into $place (once)"
  mkdir -p "$new/module" "$new/bin"
  if (
    set -e
    cd "$new/module"
    go mod init berth.test/"$name"
    [ "$name" != kubernetes ] || pin_staging "$version"
    go get "${packages[@]}"
    CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w" -o "$new/bin" "${@:2}"
  ) >"$new/log" 2>&1; then
    mv "$new/bin" "$place"
  else
    tail -n 3 "$new/log"
    say "$name could not be built: tests that need it will be skipped"
  fi
  rm -rf "$new"
}

# pin_staging VERSION: Kubernetes' go.mod has the modules that are released with it in folders beside it, which nobody else has: their
# releases in their place.
pin_staging() {
  local file
  file=$(go mod download -json "k8s.io/kubernetes@$1" | sed -nE 's/^\t"GoMod": "(.*)",$/\1/p')
  sed -nE "s,^\s(\S+) => \./staging/\S+$,-replace=\1=\1@v0.${1#v1.},p" "$file" | xargs go mod edit
}

setup() {
  install_packages "${COMMANDS[@]}" || say "apt-get could not install all of it: tests that need it will fail or be skipped"
  install_modules || { say "npm ci failed, so nothing can be built"; return 1; }
  install_reference
  install_go crictl sigs.k8s.io/cri-tools/cmd/crictl
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  cd "$(dirname "$0")/.."
  setup
fi
