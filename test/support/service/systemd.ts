/** A systemd of its own, in namespaces of its own: what it changes in /etc and /usr/local/bin is gone with it. */
import { readFileSync } from "node:fs";
import { attempt } from "../command.ts";
import { isMet, type Need } from "../needs.ts";
import { until } from "./berthd.ts";

const SYSTEMD = "/usr/bin/systemd";
const UNITS = "/run/units";

/** Targets that units name; there is nothing behind them here. */
const TARGETS = ["sysinit", "basic", "shutdown", "network-pre", "network", "multi-user"];

/** `$1` is the unit's file, `$2` the executable that it starts, `$3` where the unit says it is. */
const BOOT = `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
over() {
  mkdir -p "/run/over$1/upper" "/run/over$1/work"
  mount -t overlay -o "lowerdir=$1,upperdir=/run/over$1/upper,workdir=/run/over$1/work" overlay "$1"
}
over /etc
over "$(dirname "$3")"
touch "$3"
mount --bind "$2" "$3"
mount -t tmpfs tmpfs /sys/fs/cgroup
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
ip link set lo up
mkdir ${UNITS}
for target in ${TARGETS.join(" ")}; do printf '[Unit]\\nDefaultDependencies=no\\n' >${UNITS}/$target.target; done
cp "$1" ${UNITS}
[ "$2" = /bin/true ] && exec true
export container=berth SYSTEMD_UNIT_PATH=${UNITS} SYSTEMD_LOG_TARGET=null
exec ${SYSTEMD} --system --unit=basic.target --show-status=no`;

const words = (unit: string, program: string, path: string) => [
  ...["unshare", "--pid", "--fork", "--kill-child", "--mount", "--net", "--uts", "--ipc"],
  ...["bash", "-c", BOOT, "boot", unit, program, path],
];

export const systemd: Need = {
  what: "systemd, overlayfs and cgroups that can be mounted (root)",
  met: () =>
    attempt(undefined, SYSTEMD, "--version").status === 0 &&
    attempt(undefined, ...words("/dev/null", "/bin/true", "/usr/local/bin/probe")).status === 0,
};

export class Systemd {
  readonly #unshared: Bun.Subprocess;

  /** Boots it with a unit that starts `program` as `path`. */
  constructor(unit: string, program: string, path: string) {
    if (!isMet(systemd)) throw new Error("there is no systemd");
    this.#unshared = Bun.spawn(words(unit, program, path), { stdout: "ignore", stderr: "inherit" });
  }

  /** Waits until it answers. */
  async begin(): Promise<void> {
    await until(() => this.run("systemctl", "list-jobs").status === 0);
  }

  /** Runs a command beside its services. */
  run(...command: string[]) {
    const { pid } = this.#unshared;
    const [child = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    return attempt(undefined, "nsenter", `--target=${child}`, "--pid", "--mount", "--net", ...command);
  }

  [Symbol.dispose](): void {
    this.#unshared.kill("SIGKILL");
  }
}
