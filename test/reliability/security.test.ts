/** The rows of user-pain.md §3 that no test of test/plugin has: see docs/reliability.md for the others. */
import { expect } from "bun:test";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inLab, openLab } from "../support/lab.ts";
import { BIN, built, namespaces, needs, REFERENCE, reference } from "../support/needs.ts";
import { DUAL_STACK } from "../support/pools.ts";

needs(namespaces, built)(
  "ADD has the host take no router advertisement from its end of the link, nor from the bridge (CVE-2020-10749)",
  inLab((lab) => {
    for (const which of ["all", "default"]) lab.sh(lab.host, "sysctl", "-w", `net.ipv6.conf.${which}.accept_ra=2`);
    const { interfaces } = lab.add({ ns: lab.container(), conf: lab.conf({ ipam: DUAL_STACK }) });
    for (const { name } of interfaces.slice(0, 2)) {
      expect([name, lab.sh(lab.host, "cat", `/proc/sys/net/ipv6/conf/${name}/accept_ra`)]).toEqual([name, "0\n"]);
    }
  }),
);

/** Name, mode and owner of dataDir and everything in it, after an ADD by the plugins in `bin`. */
function filesOf(bin: string): string[] {
  const umask = process.umask(0o022);
  const root = mkdtempSync(join(tmpdir(), "berth-modes-"));
  using lab = openLab({ bin });
  try {
    const dataDir = join(root, "made", "by", "plugin");
    lab.add({
      ns: lab.container(),
      conf: lab.conf({ ipam: { type: "host-local", dataDir, ranges: [[{ subnet: "10.77.0.0/24" }]] } }),
    });
    const names = [
      "made",
      ...(readdirSync(join(root, "made"), { recursive: true }) as string[]).map((name) => join("made", name)),
    ];
    return names.sort().map((name) => {
      const { mode, uid, gid } = lstatSync(join(root, name));
      return `${name} ${mode.toString(8)} ${uid}:${gid}`;
    });
  } finally {
    process.umask(umask);
    rmSync(root, { recursive: true });
  }
}

needs(
  namespaces,
  built,
  reference,
)("leases, lock and directories have the reference's modes and owners", () => {
  expect(filesOf(BIN)).toEqual(filesOf(REFERENCE));
});

/** The memory of a plugin that waits for its configuration: permissions and file of each mapping, by start. */
async function mappings(): Promise<{ start: number; end: number; may: string; file: string }[]> {
  const env = { CNI_COMMAND: "DEL", CNI_CONTAINERID: "c", CNI_IFNAME: "eth0", CNI_PATH: BIN };
  const child = Bun.spawn([join(BIN, "bridge")], { stdin: "pipe", env });
  try {
    const reads = () => /^(0|63) 0x0 /.test(readFileSync(`/proc/${child.pid}/syscall`, "utf8"));
    while (!reads()) await Bun.sleep(1);
    const lines = readFileSync(`/proc/${child.pid}/maps`, "utf8").trim().split("\n");
    return lines.map((line) => {
      const [range = "", may = "", , , , file = ""] = line.split(/\s+/);
      const [start = 0, end = 0] = range.split("-").map((address) => Number.parseInt(address, 16));
      return { start, end, may, file };
    });
  } finally {
    child.kill();
  }
}

needs(namespaces, built)(
  "nothing is writable and executable, and what is only written while a program is loaded is read-only",
  async () => {
    const all = await mappings();
    expect(all.filter(({ may }) => may.includes("w") && may.includes("x"))).toEqual([]);
    const { stdout } = Bun.spawnSync(["readelf", "-lW", join(BIN, "berth")]);
    const [, vaddr, size] = /GNU_RELRO +\S+ (0x\w+) \S+ \S+ (0x\w+)/.exec(stdout.toString()) ?? [];
    const last = Number(vaddr) + Number(size) - 1;
    expect(all.find(({ start, end }) => start <= last && last < end)).toMatchObject({
      may: "r--p",
      file: join(BIN, "berth"),
    });
  },
);
