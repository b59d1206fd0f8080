#!/usr/bin/env bash
# Packages of any of Debian's releases and architectures, unpacked and not installed: this machine's apt is asked for the
# mirror and otherwise left as it is. Sourced by setup.sh.

# debian_says FIELD: of the release that this machine's apt uses, if that is Debian's.
debian_says() {
  local ask=(apt-get indextargets --format "\$($1)" 'Origin: Debian' 'Label: Debian') found
  found=$("${ask[@]}" 2>/dev/null | head -n1)
  [ -n "$found" ] || { as_root apt-get update -qq >/dev/null 2>&1; found=$("${ask[@]}" 2>/dev/null | head -n1); }
  [ -n "$found" ] && printf '%s' "$found"
}

# debian SUITE ARCHITECTURE COMMAND…: apt-get or apt-cache with lists of their own, on which nothing is installed.
debian() {
  APT_CONFIG=$BERTH_CACHE/apt/$1-$2/apt.conf "${@:3}"
}

# debian_lists SUITE ARCHITECTURE: the newest lists of it.
debian_lists() {
  local state=$BERTH_CACHE/apt/$1-$2 keys=/usr/share/keyrings/debian-archive-keyring.gpg mirror
  mirror=$(debian_says REPO_URI) && [ -f "$keys" ] || return
  mkdir -p "$state/lists/partial" "$state/archives/partial"
  echo "deb [signed-by=$keys] $mirror $1 main" >"$state/sources.list"
  cat >"$state/apt.conf" <<END
Dir::State "$state"; Dir::State::status "/dev/null"; Dir::Cache "$state"; Dir::Etc::SourceList "$state/sources.list";
Dir::Etc::SourceParts "/dev/null"; APT::Architecture "$2"; APT::Architectures "$2"; APT::Sandbox::User "root";
APT::Install-Recommends "false"; Acquire::Languages "none"; Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
END
  debian "$1" "$2" apt-get update -qq 2>/dev/null
}

# unpack DIRECTORY SUITE ARCHITECTURE PACKAGE…: of the packages alone.
unpack() {
  (
    set -e
    mkdir -p "$1" && cd "$1"
    debian "$2" "$3" apt-get download -qq "${@:4}"
    for package in ./*.deb; do dpkg-deb -x "$package" .; done
    rm ./*.deb
  ) 2>/dev/null
}

# unpack_all DIRECTORY SUITE ARCHITECTURE PACKAGE…: of the packages and of all that they need.
unpack_all() {
  local archives=$BERTH_CACHE/apt/$2-$3/archives package
  mkdir -p "$1" && debian "$2" "$3" apt-get install -qq -y --download-only "${@:4}" >/dev/null 2>&1 || return
  for package in "$archives"/*.deb; do dpkg-deb -x "$package" "$1" || return; done
  rm "$archives"/*.deb
}
