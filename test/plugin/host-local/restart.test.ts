/** What a container that is started again gets: the attachment it had is provably gone, dying, or alive. */
import { describe, expect } from "bun:test";
import { cniError } from "../../support/cni-error.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs } from "../../support/needs.ts";

const test = needs(namespaces, built);

function addressOf(lab: Lab, ns: string): string {
  return lab.add({ ns }).ips[0].address;
}

function seconds(fn: () => void): number {
  const start = performance.now();
  fn();
  return (performance.now() - start) / 1000;
}

describe("ADD of a container that was there before", () => {
  test(
    "gives it its address back although nobody called DEL, while the old link may still be dying",
    inLab((lab) => {
      const first = lab.container();
      const address = addressOf(lab, first);
      lab.sh(lab.host, "ip", "netns", "del", first);
      expect(addressOf(lab, lab.container())).toBe(address);
      expect(Object.keys(lab.leases()).length).toBe(1);
    }),
  );

  test(
    "is refused at once in the namespace where it is attached, and nothing changes",
    inLab((lab) => {
      const ns = lab.container();
      addressOf(lab, ns);
      const before = lab.leases();
      const took = seconds(() => cniError(lab.call("bridge", "ADD", { ns }), "duplicate allocation is not allowed"));
      expect(took).toBeLessThan(1);
      expect(lab.leases()).toEqual(before);
      expect(lab.ports().length).toBe(1);
    }),
  );

  test(
    "is refused after two seconds in another namespace while the old one lives, without holding others up",
    inLab(async (lab) => {
      const old = lab.container();
      addressOf(lab, old);
      const start = performance.now();
      const again = lab.start("bridge", "ADD", { ns: lab.container() });
      await Bun.sleep(300);
      const other = seconds(() => lab.add({ ns: lab.container(), id: "other" }));
      cniError(await again.reply, "duplicate allocation is not allowed");
      expect((performance.now() - start) / 1000).toBeWithin(1.9, 6);
      expect(other).toBeLessThan(1.5);
      expect(lab.addrs(old).length).toBe(1);
      expect(Object.keys(lab.leases()).length).toBe(2);
    }),
  );

  test(
    "is refused while the host's end of the old one lives under another name",
    inLab((lab) => {
      const old = lab.container();
      addressOf(lab, old);
      const [port = ""] = lab.ports();
      for (const words of ["down", "name renamed0", "up"]) {
        lab.sh(lab.host, "ip", "link", "set", words === "up" ? "renamed0" : port, ...words.split(" "));
      }
      cniError(lab.call("bridge", "ADD", { ns: lab.container() }), "duplicate allocation is not allowed");
      expect(lab.addrs(old).length).toBe(1);
    }),
  );

  test(
    "gives it the address as soon as the old link has gone",
    inLab(async (lab) => {
      const old = lab.container();
      const address = addressOf(lab, old);
      const again = lab.start("bridge", "ADD", { ns: lab.container() });
      await Bun.sleep(300);
      lab.sh(lab.host, "ip", "netns", "del", old);
      const { json, stdout } = await again.reply;
      expect(json?.ips?.[0].address ?? stdout).toBe(address);
    }),
  );
});
