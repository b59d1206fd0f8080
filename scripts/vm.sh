#!/usr/bin/env bash
# What test/vm boots in software emulation: Debian's kernels and, for another architecture than this machine's, programs
# and the reference's plugins. Sourced by setup.sh; test/support/vm/kernel.ts names the directories too.

VM=$BERTH_CACHE/vm
VM_KERNELS=$(dirname "${BASH_SOURCE[0]}")/../test/support/vm/kernels.txt

# install_vm [COMMAND]: for the kernels of the command, "test" if none is named; for all of them if it is "kernels".
install_vm() {
  local version flavour suite package command
  while read -r version flavour suite package command; do
    [ "${1:-test}" = "$command" ] || [ "${1:-test}" = kernels ] || continue
    install_machine "${flavour%%-*}"
    install_kernel "$version" "$flavour" "$suite" "$package" </dev/null
  done < <(grep -v '^#' "$VM_KERNELS")
}

# install_kernel VERSION FLAVOUR SUITE PACKAGE. The newest is looked for each day.
install_kernel() {
  local place=$VM/kernel-$1-$2 new=$VM/kernel-$1-$2.$$
  if have_kernel "$place"; then
    [ "$1" = newest ] && [ -n "$(find "$place" -maxdepth 0 -mtime +0)" ] || return 0
  fi
  say "unpacking $4 of Debian's $3 into $place"
  if unpack_kernel "$new" "$3" "${2%%-*}" "$4" && have_kernel "$new"; then
    rm -rf "$place" && mv "$new" "$place"
  else
    rm -rf "$new"
    say "the kernel $1 $2 could not be had"
  fi
}

have_kernel() { compgen -G "$1/boot/vmlinuz-*" >/dev/null || compgen -G "$1/usr/lib/modules/*/vmlinuz" >/dev/null; }

# unpack_kernel DIRECTORY SUITE ARCHITECTURE PACKAGE: the kernel that a package without content depends on. In newer
# releases that one is without content itself.
unpack_kernel() {
  local parts
  debian_lists "$2" "$3" || return
  parts=$(depends "$2" "$3" "$4" 'linux-image-[0-9]' | head -n1)
  [ -n "$parts" ] || return
  mapfile -t parts < <(echo "$parts"; depends "$2" "$3" "$parts" 'linux-(binary|modules)-')
  unpack "$1" "$2" "$3" "${parts[@]}"
}

# depends SUITE ARCHITECTURE PACKAGE WHICH: what the package depends on and begins so.
depends() {
  debian "$1" "$2" apt-cache depends "$3" 2>/dev/null | sed -nE "s/^ *Depends: ($4.*)/\1/p"
}

# install_machine ARCHITECTURE: what runs it, and what runs in it.
install_machine() {
  local machine
  case $1 in
    amd64) machine=x86_64; install_packages qemu-system-x86_64:qemu-system-x86 ;;
    arm64) machine=aarch64; install_packages qemu-system-aarch64:qemu-system-arm ;;
  esac || say "apt-get could not install QEMU: the tests on $1 will be skipped"
  [ "$machine" != "$(uname -m)" ] || return 0
  install_programs "$1"
  install_foreign_reference "$1"
}

install_programs() {
  local place=$VM/programs-$1 new=$VM/programs-$1.$$ suite
  [ ! -d "$place" ] || return 0
  say "unpacking iproute2, nftables, iptables and busybox for $1 into $place (once)"
  if suite=$(debian_says CODENAME) && debian_lists "$suite" "$1" &&
    unpack_all "$new" "$suite" "$1" iproute2 nftables iptables busybox-static; then
    mv "$new" "$place"
  else
    rm -rf "$new"
    say "they could not be had: the tests on $1 will be skipped"
  fi
}

install_foreign_reference() {
  local place=$REFERENCE-$1 path=$VM/go-$1
  [ ! -d "$place" ] && type -P go >/dev/null || return 0
  say "building the reference's bridge and host-local for $1 into $place (once)"
  # go refuses GOBIN for another machine.
  if GOMODCACHE=$(go env GOMODCACHE) GOPATH=$path GOARCH=$1 "${REFERENCE_BUILD[@]}" \
    "$REFERENCE_MODULE"/plugins/{main/bridge,ipam/host-local}@"$RELEASE"; then
    mv "$path/bin/linux_$1" "$place"
  fi
  rm -rf "$path"
}
