/** What becomes of leases that nobody released: user-pain.md rows 1, 2 and 6. */
import { describe, expect } from "bun:test";
import { join } from "node:path";
import { attributeOf, attributes, setAttribute } from "../support/attributes.ts";
import { cniError } from "../support/cni-error.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { BIN, built, namespaces, needs } from "../support/needs.ts";

const test = needs(namespaces, built, attributes);

/** Five addresses: a /29 without its network, its broadcast address and the gateway. */
const SMALL = { type: "host-local", ranges: [[{ subnet: "10.77.0.0/29" }]] };
const SIZE = 5;
const network = (lab: Lab) => lab.conf({ ipam: SMALL });

function fill(lab: Lab): string[] {
  return Array.from({ length: SIZE }, (_, i) => {
    const ns = lab.container();
    lab.add({ ns, id: `old${i}`, conf: network(lab) });
    return ns;
  });
}

/** As if the machine had been started again since the lease was made. */
function makeOfEarlierBoot(lab: Lab, ip: string): void {
  const path = join(lab.store, "labnet", ip);
  setAttribute(path, attributeOf(path).replace(/b=\w+/, "b=0123456789ab"));
}

const owners = (lab: Lab) => Object.values(lab.leases()).map((content) => content.split("\r\n")[0]);

describe("ADD in a range that is full", () => {
  test(
    "of leases from an earlier boot takes the oldest and says so, in one line for each address",
    inLab((lab) => {
      for (const ns of fill(lab)) lab.sh(lab.host, "ip", "netns", "del", ns);
      for (const ip of Object.keys(lab.leases())) makeOfEarlierBoot(lab, ip);
      const { status, json, stderr } = lab.call("bridge", "ADD", {
        ns: lab.container(),
        id: "new",
        conf: network(lab),
      });
      expect([status, json.ips[0].address]).toEqual([0, "10.77.0.2/29"]);
      expect(stderr.trimEnd().split("\n").length).toBe(1);
      for (const word of ["10.77.0.2", "old0", "before the last boot"]) expect(stderr).toContain(word);
      expect(owners(lab).sort()).toEqual(["new", "old1", "old2", "old3", "old4"]);
    }),
  );

  test(
    "touches no lease of an earlier boot while an address is free",
    inLab((lab) => {
      const namespaces = fill(lab);
      makeOfEarlierBoot(lab, "10.77.0.2");
      lab.del({ ns: namespaces[4] as string, id: "old4", conf: network(lab) });
      const { ips } = lab.add({ ns: lab.container(), id: "new", conf: network(lab) });
      expect([ips[0].address, owners(lab).includes("old0")]).toEqual(["10.77.0.6/29", true]);
    }),
  );

  test(
    "of live attachments fails naming the counts, again and again, and leaves nothing",
    inLab((lab) => {
      fill(lab);
      const before = [lab.leases(), lab.ports()];
      for (let i = 0; i < 10; i++) {
        const reply = lab.call("bridge", "ADD", { ns: lab.container(), id: `new${i}`, conf: network(lab) });
        cniError(reply, "no IP addresses available", "5 of 5 addresses are leased, 0 look stale");
      }
      expect([lab.leases(), lab.ports()]).toEqual(before);
    }),
  );

  test(
    "of attachments whose containers have just ended says how many look stale",
    inLab(async (lab) => {
      for (const ns of fill(lab)) lab.sh(lab.host, "ip", "netns", "del", ns);
      while (lab.ports().length > 0) await Bun.sleep(10);
      const reply = lab.call("bridge", "ADD", { ns: lab.container(), id: "new", conf: network(lab) });
      cniError(reply, "5 of 5 addresses are leased, 5 look stale");
      // Ten minutes, or a DEL for each, make room.
      const conf = { ...network(lab), cniVersion: "1.1.0" };
      expect(lab.call("host-local", "STATUS", { conf, bin: BIN })).toMatchObject({ status: 0, stdout: "", stderr: "" });
    }),
  );
});

describe("ADD of a container from before a reboot", () => {
  test(
    "gives it its own address again",
    inLab((lab) => {
      const [old, other] = [lab.container(), lab.container()];
      lab.add({ ns: other, id: "other" });
      const first = lab.add({ ns: old, id: "pod" }).ips[0].address;
      lab.sh(lab.host, "ip", "netns", "del", old);
      makeOfEarlierBoot(lab, first.split("/")[0]);
      expect(lab.add({ ns: lab.container(), id: "pod" }).ips[0].address).toBe(first);
      expect(owners(lab).sort()).toEqual(["other", "pod"]);
    }),
  );
});
