/** Waiting for a link that other processes change. */
import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openSandbox, type Sandbox } from "../../../src/host/sandbox.ts";
import { addVeth, setUp } from "../../../src/rtnl/link.ts";
import type { Link } from "../../../src/rtnl/read-link.ts";
import * as sys from "../../../src/sys/bun/sys.ts";
import { netnsPath } from "../../support/conf.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { inside, needsLinks } from "./inside.ts";

describe("awaitLink()", () => {
  /** A veth pair in the lab's host whose peer is up, so that `v0` is up as soon as it is set up. */
  function pair(host: Sandbox): void {
    const end = (name: string, last: number) => ({ name, mac: Uint8Array.of(2, 0, 0, 0, 0, last) });
    host.change(addVeth(end("v0", 2), end("v1", 3)), setUp("v1"));
  }

  const isUp = ({ operstate }: Link) => operstate === "up";

  /** Seconds. Several: one may be late for reasons of its own, and polling may be in time by chance. */
  const PAUSES = [0.1, 0.125, 0.15, 0.175, 0.2];

  const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

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
      using host = openSandbox(netnsPath(lab.host));
      pair(host);
      const delays: number[] = [];
      for (const pause of PAUSES) {
        const other = meanwhile(lab, `sleep ${pause}; ip link set v0 up`);
        expect(host.findLink("v0")?.operstate).toBe("down");
        const link = host.awaitLink("v0", isUp, 5000);
        const seen = sys.realtime();
        expect(link?.operstate).toBe("up");
        delays.push(seen - (await other.done()));
        lab.sh(lab.host, "ip", "link", "set", "v0", "down");
      }
      expect(median(delays)).toBeLessThan(25);
    })(),
  );

  needsLinks("sees promptly that it is gone", () =>
    inLab(async (lab) => {
      using host = openSandbox(netnsPath(lab.host));
      const delays: number[] = [];
      for (const pause of PAUSES) {
        pair(host);
        const other = meanwhile(lab, `sleep ${pause}; ip link del v0`);
        expect(host.awaitLink("v0", isUp, 5000)).toBeUndefined();
        const seen = sys.realtime();
        delays.push(seen - (await other.done()));
      }
      expect(median(delays)).toBeLessThan(25);
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
      using host = openSandbox(netnsPath(lab.host));
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
    }),
  );
});
