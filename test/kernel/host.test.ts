/** What host/ asks of and does to a namespace, against the kernel, looked at with other people's programs. */
import { describe, expect } from "bun:test";
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Explained } from "../../src/base/explained.ts";
import { machine } from "../../src/host/host.ts";
import { openSandbox, openSandboxIfThere, type Sandbox } from "../../src/host/sandbox.ts";
import { addBridge, addVeth, deleteLink, type Link, setAlias, setUp } from "../../src/host/verbs.ts";
import * as sys from "../../src/sys/bun/sys.ts";
import { netnsPath } from "../support/conf.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { linkKind, namespaces, needs, needsRoot } from "../support/needs.ts";

const needsLinks = needs(namespaces, linkKind("bridge"), linkKind("veth"));

const BRIDGE = addBridge({ name: "br0", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
const netnsOf = () => readlinkSync("/proc/thread-self/ns/net");

/** Opens the namespace `ns` of the lab for the time of `use`. */
function inside<T>(ns: string, use: (sandbox: Sandbox) => T): T {
  const sandbox = openSandbox(netnsPath(ns));
  try {
    return use(sandbox);
  } finally {
    sys.close(sandbox.fd);
  }
}

describe("openSandbox()", () => {
  const refused = (path: string): Explained => {
    try {
      openSandbox(path);
    } catch (error) {
      if (error instanceof Explained) return error;
      throw error;
    }
    expect.unreachable(`${path} was opened`);
  };

  needsRoot("says that a namespace is gone", () => {
    const error = refused("/run/netns/berth-never-was");
    expect(error.message).toBe('failed to open netns "/run/netns/berth-never-was": no such file or directory');
    expect(error.details).toContain("has the container ended?");
  });

  needsRoot(
    "refuses what is no namespace, also what would block",
    inLab((lab) => {
      const file = join(lab.dir, "file");
      writeFileSync(file, "");
      mkdirSync(join(lab.dir, "dir"));
      lab.sh(lab.host, "mkfifo", join(lab.dir, "fifo"));
      for (const path of [file, join(lab.dir, "dir"), join(lab.dir, "fifo")]) {
        const before = sys.readdir("/proc/self/fd").length;
        expect(refused(path).message).toStartWith(`failed to open netns "${path}": unknown FS magic on "${path}": `);
        expect(sys.readdir("/proc/self/fd")).toHaveLength(before);
      }
    }),
  );

  needsRoot(
    "opens a process's namespace by its path in /proc",
    inLab((lab) => {
      const sandbox = lab.within(lab.host, () => openSandbox("/proc/thread-self/ns/net"));
      expect(sandbox.enter(netnsOf)).toBe(lab.within(lab.host, netnsOf));
      sys.close(sandbox.fd);
    }),
  );

  needsRoot(
    "keeps the namespace while its name goes",
    inLab((lab) => {
      const ns = lab.container();
      inside(ns, (sandbox) => {
        lab.sh(lab.host, "ip", "netns", "del", ns);
        expect(sandbox.listLinks().map(({ name }) => name)).toEqual(["lo"]);
        sandbox.change(setUp("lo"));
        expect((sandbox.findLink("lo")?.flags ?? 0) & 1).toBe(1);
      });
    }),
  );
});

describe("openSandboxIfThere()", () => {
  const open = (path: string) => {
    const warnings: string[] = [];
    return { sandbox: openSandboxIfThere(path, (line) => void warnings.push(line)), warnings };
  };

  needsRoot("takes an empty path for a namespace that is gone, without a word", () => {
    expect(open("")).toEqual({ sandbox: undefined, warnings: [] });
  });

  needsRoot("takes what cannot be opened for gone, and says so", () => {
    const { sandbox, warnings } = open("/run/netns/berth-never-was");
    expect(sandbox).toBeUndefined();
    expect(warnings).toEqual([
      'failed to open netns "/run/netns/berth-never-was": no such file or directory: taken as gone',
    ]);
  });

  needsRoot(
    "opens one that is there",
    inLab((lab) => {
      const { sandbox, warnings } = open(netnsPath(lab.host));
      expect([sandbox?.path, warnings]).toEqual([netnsPath(lab.host), []]);
      if (sandbox) sys.close(sandbox.fd);
    }),
  );
});

describe("Namespace", () => {
  needsLinks(
    "changes only what it stands for, from wherever it is used",
    inLab((lab) => {
      const ns = lab.container();
      const home = netnsOf();
      inside(ns, (sandbox) => {
        sandbox.change(BRIDGE, setUp("br0"));
        lab.within(lab.host, () => sandbox.change(setAlias("br0", "from elsewhere")));
      });
      expect(netnsOf()).toBe(home);
      expect(lab.ipj(ns, "link", "show", "br0")).toMatchObject([{ ifalias: "from elsewhere" }]);
      expect(lab.ipj(lab.host, "link", "show").map(({ ifname }) => ifname)).toEqual(["lo"]);
    }),
  );

  needsLinks(
    "machine() stands for the namespace that the process runs in",
    inLab((lab) => {
      lab.within(lab.host, () => machine().change(BRIDGE));
      expect(lab.ipj(lab.host, "link", "show").map(({ ifname }) => ifname)).toEqual(["lo", "br0"]);
    }),
  );

  needsLinks(
    "change() throws the first failure after trying all, attempt() gives each",
    inLab((lab) => {
      inside(lab.host, (host) => {
        expect(() => host.change(setUp("nope"), BRIDGE, deleteLink("gone"))).toThrow(
          "ip link set nope up: no such device",
        );
        const outcome = host.attempt([setUp("br0"), BRIDGE]);
        expect(outcome.map((error) => error?.errno)).toEqual([undefined, 17]);
      });
      expect(lab.ipj(lab.host, "link", "show", "br0")[0].flags).toContain("UP");
    }),
  );

  needsRoot(
    "cookie() tells namespaces apart, and stays the same",
    inLab((lab) => {
      const ns = lab.container();
      const [host, first, second] = [lab.host, ns, ns].map((name) => inside(name, (sandbox) => sandbox.cookie()));
      if (host === undefined)
        return expect(sys.readFile("/proc/sys/kernel/osrelease")).toMatch(/^(4|5\.\d\.|5\.1[0-3])/);
      expect(host).toMatch(/^\d+$/);
      expect(first).toBe(second);
      expect(first).not.toBe(host);
    }),
  );
});

describe("sysctls", () => {
  needsRoot(
    "are those of the namespace",
    inLab((lab) => {
      const ns = lab.container();
      inside(ns, (sandbox) =>
        sandbox.enter((sysctls) => {
          expect(sysctls.read("net/ipv4/ip_forward")).toBe(lab.sh(ns, "sysctl", "-n", "net.ipv4.ip_forward").trim());
          sysctls.write("net/ipv4/ip_forward", "1");
          sysctls.tryWrite("net/ipv4/conf/lo/arp_notify", "1");
        }),
      );
      const values = (name: string) =>
        lab.sh(name, "sysctl", "-n", "net.ipv4.ip_forward", "net.ipv4.conf.lo.arp_notify").trim().split("\n");
      expect(values(ns)).toEqual(["1", "1"]);
      expect(values(lab.host)[1]).toBe("0");
    }),
  );

  needsLinks(
    "reach interfaces whose names have dots",
    inLab((lab) => {
      inside(lab.host, (host) => {
        host.change(addBridge({ name: "br.7", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) }));
        host.enter((sysctls) => sysctls.write("net/ipv4/conf/br.7/arp_notify", "1"));
      });
      expect(lab.sh(lab.host, "cat", "/proc/sys/net/ipv4/conf/br.7/arp_notify").trim()).toBe("1");
    }),
  );

  needsRoot(
    "read() is undefined for one that there is not, write() explains, tryWrite() is silent",
    inLab((lab) => {
      inside(lab.host, (host) =>
        host.enter((sysctls) => {
          const key = "net/ipv4/conf/nope/arp_notify";
          expect(sysctls.read(key)).toBeUndefined();
          sysctls.tryWrite(key, "1");
          try {
            sysctls.write(key, "1");
            expect.unreachable("it was written");
          } catch (error) {
            expect(error).toBeInstanceOf(Explained);
            expect((error as Explained).message).toBe(
              "cannot set sysctl net.ipv4.conf.nope.arp_notify to 1: no such file or directory",
            );
          }
        }),
      );
    }),
  );

  needsRoot(
    "write() leaves a value alone that is set, so that a read-only /proc/sys is enough",
    inLab((lab) => {
      inside(lab.host, (host) =>
        host.enter((sysctls) => {
          const now = sysctls.read("net/ipv4/conf/lo/arp_notify") ?? "";
          lab.sh(lab.host, "sysctl", "-qw", "net.ipv4.conf.lo.arp_notify=1");
          sysctls.write("net/ipv4/conf/lo/arp_notify", "1");
          expect([now, sysctls.read("net/ipv4/conf/lo/arp_notify")]).toEqual(["0", "1"]);
          // A sysctl that refuses every write takes the one that changes nothing.
          const fixed = "net/ipv4/route/min_pmtu";
          const value = sysctls.read(fixed);
          if (value !== undefined) sysctls.write(fixed, value);
        }),
      );
    }),
  );
});

describe("awaitLink()", () => {
  /** A veth pair in the lab's host whose peer is up, so that `v0` is up as soon as it is set up. */
  function pair(host: Sandbox): void {
    const end = (name: string, last: number) => ({ name, mac: Uint8Array.of(2, 0, 0, 0, 0, last) });
    host.change(addVeth(end("v0", 2), end("v1", 3)), setUp("v1"));
  }

  const isUp = ({ operstate }: Link) => operstate === "up";

  /** Has another process run `script` in the lab's host; it writes the time (ms) at which it was done to a file. */
  function meanwhile(lab: Lab, script: string): { done(): Promise<number> } {
    const out = join(lab.dir, `done-${crypto.randomUUID()}`);
    const child = Bun.spawn(["ip", "netns", "exec", lab.host, "sh", "-c", `${script}; date +%s%N >${out}`]);
    const done = async () => {
      expect(await child.exited).toBe(0);
      return Number(readFileSync(out, "utf8")) / 1e6;
    };
    return { done };
  }

  needsLinks(
    "gives a link at once that is as wanted",
    inLab((lab) => {
      inside(lab.host, (host) => {
        pair(host);
        host.change(setUp("v0"));
        const before = sys.monotonic();
        expect(host.awaitLink("v0", isUp, 5000)?.operstate).toBe("up");
        expect(sys.monotonic() - before).toBeLessThan(200);
      });
    }),
  );

  needsLinks("sees by the kernel's event when another process sets it up", () =>
    inLab(async (lab) => {
      const host = openSandbox(netnsPath(lab.host));
      pair(host);
      const delays: number[] = [];
      // Three times, because one may be late for reasons of its own; by polling each would be.
      for (let i = 0; i < 3; i++) {
        const other = meanwhile(lab, "sleep 0.1; ip link set v0 up");
        expect(host.findLink("v0")?.operstate).toBe("down");
        const link = host.awaitLink("v0", isUp, 5000);
        const seen = sys.realtime();
        expect(link?.operstate).toBe("up");
        delays.push(seen - (await other.done()));
        lab.sh(lab.host, "ip", "link", "set", "v0", "down");
      }
      sys.close(host.fd);
      expect(Math.min(...delays)).toBeLessThan(40);
    })(),
  );

  needsLinks("sees promptly that it is gone", () =>
    inLab(async (lab) => {
      const host = openSandbox(netnsPath(lab.host));
      const delays: number[] = [];
      for (let i = 0; i < 3; i++) {
        pair(host);
        const other = meanwhile(lab, "sleep 0.1; ip link del v0");
        expect(host.awaitLink("v0", isUp, 5000)).toBeUndefined();
        const seen = sys.realtime();
        delays.push(seen - (await other.done()));
      }
      sys.close(host.fd);
      expect(Math.min(...delays)).toBeLessThan(40);
    })(),
  );

  needsLinks(
    "is undefined for a link that there is not, without waiting",
    inLab((lab) => {
      const before = sys.monotonic();
      expect(inside(lab.host, (host) => host.awaitLink("nope", isUp, 5000))).toBeUndefined();
      expect(sys.monotonic() - before).toBeLessThan(200);
    }),
  );

  needsLinks(
    "gives up at its time, whatever else happens, and leaves no socket",
    inLab(async (lab) => {
      const host = openSandbox(netnsPath(lab.host));
      pair(host);
      const other = meanwhile(lab, "for i in 1 2 3 4 5 6 7 8; do ip link set v1 alias $i; sleep 0.03; done");
      const open = sys.readdir("/proc/self/fd").length;
      const before = sys.monotonic();
      expect(host.awaitLink("v0", isUp, 150)).toBeUndefined();
      const waited = sys.monotonic() - before;
      expect(waited).toBeGreaterThanOrEqual(149);
      expect(waited).toBeLessThan(400);
      expect(sys.readdir("/proc/self/fd")).toHaveLength(open);
      await other.done();
      sys.close(host.fd);
    }),
  );
});
