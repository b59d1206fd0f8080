/** Waiting for a link by notifications alone. */
import { describe, expect } from "bun:test";
import { openSandbox, type Sandbox } from "../../../src/host/sandbox.ts";
import { addVeth, deleteLink, setAlias, setUp } from "../../../src/rtnl/link.ts";
import type { Link } from "../../../src/rtnl/read-link.ts";
import * as sys from "../../../src/sys/bun/sys.ts";
import { netnsPath } from "../../support/conf.ts";
import { inLab } from "../../support/lab.ts";
import { inside, needsLinks } from "./inside.ts";

describe("watchLinks()", () => {
  const isUp = ({ operstate }: Link) => operstate === "up";

  /** A veth pair in the lab's host whose peer is up: the index of `v0`. */
  function pair(host: Sandbox): number {
    const end = (name: string, last: number) => ({ name, mac: Uint8Array.of(2, 0, 0, 0, 0, last) });
    host.change(addVeth(end("v0", 2), end("v1", 3)), setUp("v1"));
    return host.findLink("v0")?.index ?? expect.unreachable("no v0");
  }

  needsLinks(
    "tells what came after it began, and asks nothing",
    inLab((lab) => {
      using host = openSandbox(netnsPath(lab.host));
      const index = pair(host);
      using watch = host.watchLinks();
      host.change(setUp("v0"), setAlias("v0", "by the way"));
      const link = watch.await(index, isUp, 5000);
      expect([link?.name, link?.operstate]).toEqual(["v0", "up"]);
    }),
  );

  needsLinks(
    "knows of other links nothing",
    inLab((lab) => {
      inside(lab.host, (host) => {
        const index = pair(host);
        using watch = host.watchLinks();
        host.change(setAlias("v1", "v0"));
        expect(watch.await(index, ({ alias }) => alias === "v0", 100)).toBeUndefined();
      });
    }),
  );

  needsLinks(
    "sees that the link is gone",
    inLab((lab) => {
      inside(lab.host, (host) => {
        const index = pair(host);
        using watch = host.watchLinks();
        host.change(deleteLink("v0"));
        const before = sys.monotonic();
        expect(watch.await(index, () => false, 5000)).toBeUndefined();
        expect(sys.monotonic() - before).toBeLessThan(1000);
      });
    }),
  );

  needsLinks(
    "asks after a silence: what it waits for may have come before it began",
    inLab((lab) => {
      inside(lab.host, (host) => {
        const index = pair(host);
        host.change(setUp("v0"));
        expect(host.awaitLink("v0", isUp, 5000)?.operstate).toBe("up");
        using watch = host.watchLinks();
        expect(watch.await(index, isUp, 5000)?.operstate).toBe("up");
      });
    }),
  );

  needsLinks(
    "asks when the kernel had to drop notifications",
    inLab((lab) => {
      inside(lab.host, (host) => {
        const index = pair(host);
        using watch = host.watchLinks();
        for (let i = 0; i < 1000; i++) host.change(setAlias("v1", `no ${i}`));
        host.change(setUp("v0"));
        const before = sys.monotonic();
        expect(watch.await(index, isUp, 5000)?.operstate).toBe("up");
        expect(sys.monotonic() - before).toBeLessThan(2000);
      });
    }),
  );
});

describe("forwards()", () => {
  needsLinks.each([
    ["IPv4", 2, "net.ipv4.ip_forward"],
    ["IPv6", 10, "net.ipv6.conf.all.forwarding"],
  ])("says what %s's sysctl says", (_, family, key) =>
    inLab((lab) => {
      for (const value of ["0", "1", "0"]) {
        lab.sh(lab.host, "sysctl", "-qw", `${key}=${value}`);
        expect(inside(lab.host, (host) => host.forwards(family))).toBe(value === "1");
      }
    })(),
  );
});
