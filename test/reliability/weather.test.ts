/** A kernel and disks that refuse: user-pain.md rows 3, 26, 34, 35 and 38. */
import { describe, expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../support/cni-error.ts";
import { type CallOptions, environment, netnsPath } from "../support/conf.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { BIN, built, namespaces, needs, nftables } from "../support/needs.ts";
import type { Reply } from "../support/plugin.ts";
import { DUAL_STACK } from "../support/pools.ts";
import { openRoom } from "../support/room.ts";

const test = needs(namespaces, nftables, built);

/** An ADD of `bridge` by a command line of one's own; `{}` stands for the executable. */
function addBy(ns: string, commandLine: string[], conf: object, options: CallOptions = {}): Reply {
  const child = Bun.spawnSync(
    commandLine.map((word) => word.replace("{}", join(BIN, "bridge"))),
    {
      stdin: Buffer.from(JSON.stringify(conf)),
      env: environment("ADD", BIN, { ns, ...options }),
    },
  );
  const stdout = child.stdout.toString();
  return {
    status: child.exitCode ?? -1,
    stdout,
    stderr: child.stderr.toString(),
    json: stdout ? JSON.parse(stdout) : undefined,
  };
}

const NOTHING = { leases: {}, ports: [], links: ["lo"], elements: [] };
const left = (lab: Lab, ns: string) => ({
  leases: lab.leases(),
  ports: lab.ipj(lab.host, "link", "show", "type", "veth"),
  links: lab.ipj(ns, "link").map(({ ifname }) => ifname),
  elements: lab.nftj(lab.host).flatMap((row) => row.set?.elem ?? []),
});

const READ_ONLY = ["mount --bind /proc/sys /proc/sys", "mount -o remount,bind,ro /proc/sys"];
const FORWARDING = ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"];

describe("ADD where /proc/sys is read-only", () => {
  test.each([
    ["IPv4", {}, []],
    // What the plugin would set in the container is as it must be, too.
    ["both families", { ipam: DUAL_STACK }, ["net.ipv6.conf.default.keep_addr_on_down"]],
  ] as const)("succeeds with %s if all is set already", async (_, over, inside) => {
    await inLab(async (lab) => {
      const ns = lab.container();
      for (const key of inside) lab.sh(ns, "sysctl", "-w", `${key}=1`);
      for (const key of FORWARDING) lab.sh(lab.host, "sysctl", "-w", `${key}=1`);
      using room = await openRoom(lab, READ_ONLY);
      const { status, stdout } = addBy(ns, room.commandLine("{}"), lab.conf({ ipMasq: true, ...over }));
      expect(status, stdout).toBe(0);
      expect(lab.addrs(ns)).toEqual(["10.77.0.2/24"]);
    })();
  });

  test(
    "fails naming the setting if it does not, and leaves nothing",
    inLab(async (lab) => {
      const ns = lab.container();
      lab.sh(lab.host, "sysctl", "-w", "net.ipv4.ip_forward=0");
      using room = await openRoom(lab, READ_ONLY);
      cniError(addBy(ns, room.commandLine("{}"), lab.conf({ ipMasq: true })), "net.ipv4.ip_forward");
      expect(left(lab, ns)).toEqual(NOTHING);
    }),
  );
});

describe("ADD where IPv6 is disabled in the container", () => {
  const disabled = (lab: Lab) => {
    const ns = lab.container();
    for (const which of ["all", "default"]) lab.sh(ns, "sysctl", "-w", `net.ipv6.conf.${which}.disable_ipv6=1`);
    return ns;
  };

  test(
    "works with IPv4, and enables it for the one interface that has an IPv6 address",
    inLab((lab) => {
      const [a, b] = [disabled(lab), disabled(lab)];
      lab.add({ ns: a, id: "a" });
      lab.add({ ns: b, id: "b", conf: lab.conf({ ipMasq: true, ipam: DUAL_STACK }) });
      expect([lab.addrs(a), lab.addrs(b, "eth0", "inet6")]).toEqual([["10.77.0.2/24"], ["fd77::2/64"]]);
    }),
  );

  test(
    "names it where it cannot be enabled, and leaves nothing",
    inLab(async (lab) => {
      const ns = disabled(lab);
      for (const key of FORWARDING) lab.sh(lab.host, "sysctl", "-w", `${key}=1`);
      using room = await openRoom(lab, READ_ONLY);
      cniError(addBy(ns, room.commandLine("{}"), lab.conf({ ipMasq: true, ipam: DUAL_STACK })), "disable_ipv6");
      expect(left(lab, ns)).toEqual(NOTHING);
    }),
  );
});

test(
  "ADD to a bridge without a free port says so and leaves nothing",
  inLab((lab) => {
    lab.sh(lab.host, "ip", "link", "add", "lab0", "type", "bridge");
    const batch = Array.from({ length: 1024 }, (_, i) => `link add p${i} master lab0 type veth peer name q${i}`);
    const made = Bun.spawnSync(["ip", "-n", lab.host, "-force", "-batch", "-"], {
      stdin: Buffer.from(batch.join("\n")),
    });
    expect(made.stderr.toString()).toContain("xchange full");
    const ns = lab.container();
    const before = lab.ipj(lab.host, "link", "show", "type", "veth").length;
    cniError(lab.call("bridge", "ADD", { ns, conf: lab.conf({ ipMasq: true }) }), "lab0", "1,023");
    expect(lab.ipj(lab.host, "link", "show", "type", "veth").length).toBe(before);
    expect({ ...left(lab, ns), ports: [] }).toEqual(NOTHING);
  }),
  60_000,
);

describe("ADD whose result nobody takes is taken back", () => {
  const inHost = (lab: Lab, script: string) => ["nsenter", `--net=${netnsPath(lab.host)}`, "sh", "-c", script];

  test.each([
    ["a reader that has gone", "{} | true; sleep 0.2"],
    ["a full disk", "{} >/dev/full"],
  ])("%s", async (_, script) => {
    await inLab((lab) => {
      const ns = lab.container();
      const { stdout } = addBy(ns, inHost(lab, script), lab.conf({ ipMasq: true }));
      expect(stdout).toBe("");
      expect(left(lab, ns)).toEqual(NOTHING);
    })();
  });
});

describe("ADD with its leases on a disk that is", () => {
  /** In a mount namespace of its own, so that nothing is mounted for others. */
  const onTmpfs = (lab: Lab, more: string) => {
    mkdirSync(lab.store);
    const mount = `mount -t tmpfs -o size=16k none ${lab.store}`;
    return [
      "nsenter",
      `--net=${netnsPath(lab.host)}`,
      "unshare",
      "--mount",
      "sh",
      "-c",
      `${mount} && ${more}; exec {}`,
    ];
  };

  test.each([
    ["full", (store: string) => `mkdir ${store}/labnet; cat /dev/zero >${store}/filler 2>/dev/null`, "ENOSPC"],
    ["read-only", (store: string) => `mkdir ${store}/labnet; mount -o remount,ro ${store}`, "EROFS"],
  ])("%s names file and cause, and makes no link", async (_, prepare, errno) => {
    await inLab((lab) => {
      const ns = lab.container();
      cniError(
        addBy(ns, onTmpfs(lab, prepare(lab.store)), lab.conf({ ipMasq: true })),
        errno,
        join(lab.store, "labnet"),
      );
      expect(left(lab, ns)).toEqual(NOTHING);
    })();
  });
});

describe("ADD by a process that may write no file", () => {
  test(
    "says so instead of dying by SIGXFSZ, and leaves nothing",
    inLab((lab) => {
      const ns = lab.container();
      const limited = ["nsenter", `--net=${netnsPath(lab.host)}`, "prlimit", "--fsize=0", "{}"];
      cniError(addBy(ns, limited, lab.conf()), "file too large", lab.store);
      expect(left(lab, ns)).toEqual(NOTHING);
    }),
  );
});
