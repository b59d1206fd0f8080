/** What host/ asks of and does to a namespace, looked at with other people's programs. */
import { describe, expect } from "bun:test";
import { readlinkSync } from "node:fs";
import { EEXIST, ENODEV } from "../../../src/base/errno.ts";
import { Explained } from "../../../src/base/explained.ts";
import { ThisHost } from "../../../src/host/host.ts";
import { addBridge, deleteLink, IFF_UP, setAlias, setDown, setUp } from "../../../src/rtnl/link.ts";
import * as sys from "../../../src/sys/bun/sys.ts";
import { inLab } from "../../support/lab.ts";
import { needsRoot } from "../../support/needs.ts";
import { inside, needsLinks } from "./inside.ts";

const BRIDGE = addBridge({ name: "br0", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
const netnsOf = () => readlinkSync("/proc/thread-self/ns/net");

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
    "new ThisHost() stands for the namespace that the process runs in",
    inLab((lab) => {
      lab.within(lab.host, () => new ThisHost().change(BRIDGE));
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

needsLinks(
  "attemptAndFind() and findAndAttempt() show a link as it is after the changes and before, and undefined where there is none",
  inLab((lab) => {
    inside(lab.host, (host) => {
      const add = addBridge({ name: "br7", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
      const made = host.attemptAndFind([add, setUp("br7")], "br7");
      expect([made.failures, made.link?.name, (made.link?.flags ?? 0) & IFF_UP]).toEqual([new Array(2), "br7", IFF_UP]);
      const again = host.attemptAndFind([add], made.link?.index ?? 0);
      expect([again.failures[0]?.errno, again.link?.name]).toEqual([EEXIST, "br7"]);
      expect(host.attemptAndFind([setUp("nope")], "nope")).toMatchObject({
        failures: [{ errno: ENODEV }],
        link: undefined,
      });
      expect(host.attemptAndFind([], "br7").link?.name).toBe("br7");
      const down = host.findAndAttempt("br7", [setDown("br7"), add]);
      expect([down.failures[0], down.failures[1]?.errno]).toEqual([undefined, EEXIST]);
      expect((down.link?.flags ?? 0) & IFF_UP).toBe(IFF_UP);
      expect((host.findLink("br7")?.flags ?? 0) & IFF_UP).toBe(0);
    });
  }),
);

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
          // Nobody may write this one.
          const key = "net/ipv4/tcp_available_congestion_control";
          const value = sysctls.read(key) ?? expect.unreachable();
          sysctls.write(key, value);
          expect(() => sysctls.write(key, "other")).toThrow("to other: permission denied");
        }),
      );
    }),
  );
});
