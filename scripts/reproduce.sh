#!/usr/bin/env bash
# npm run reproduce [-- ARCHITECTURE]: builds the last commit twice, in directories of other names and the second time a day
# later, and compares. Ends with 1 when the executables differ.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/setup.sh
install_packages faketime:faketime

commit=$(git rev-parse HEAD)
arch=${1:-}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# built DIRECTORY [COMMAND…]: the hash of what COMMAND builds there.
built() {
  local directory=$place/$1; shift
  git clone --quiet --no-checkout . "$directory"
  (cd "$directory" && git checkout --quiet "$commit" && npm ci --silent --no-audit --no-fund && "$@" npm run --silent build -- ${arch:+--arch "$arch"}) >&2
  sha256sum <"$directory/dist/${arch:+$arch/}bin/berth"
}

# rustc, which does not ask for the time, hangs with libfaketime in it. Here it is called by its name, and by cargo as the
# first word of what is to be run.
mkdir "$place/bin"
cat >"$place/bin/rustc" <<END
#!/bin/sh
unset LD_PRELOAD
case \$1 in rustc | */rustc) shift ;; esac
exec "$(type -P rustc)" "\$@"
END
chmod +x "$place/bin/rustc"
later=(faketime -f +1d env "PATH=$place/bin:$PATH" "RUSTC_WRAPPER=$place/bin/rustc")

one=$(built one)
other=$(built another-directory/of-another-length "${later[@]}")
echo "$one $other"
[ "$one" = "$other" ] || { say "two builds of one commit differ"; exit 1; }
say "two builds of one commit are the same"
