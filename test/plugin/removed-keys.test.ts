/** Rules that the configuration asked for at ADD and does not mention any more: the lease says that they were made. */
import { describe, expect } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as sys from "../../src/sys/bun/sys.ts";
import { O } from "../../src/sys/flags.ts";
import { answers } from "../support/answers.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { built, can, namespaces, needs, nftables } from "../support/needs.ts";
import { DUAL_STACK } from "../support/pools.ts";

const iptables = can("root and iptables", "iptables", "-t", "nat", "-S");
const need = needs(namespaces, built, nftables, iptables);

const KEYS: [string, object][] = [
  ["macspoofchk", { macspoofchk: true }],
  ['ipMasqBackend "iptables"', { ipMasq: true, ipMasqBackend: "iptables" }],
  ["both", { macspoofchk: true, ipMasq: true, ipMasqBackend: "iptables" }],
];

const network = (lab: Lab, over: object = {}) => lab.conf({ cniVersion: "1.1.0", ipam: DUAL_STACK, ...over });

/** All rules that are about one attachment, by nft and by iptables. */
function rules(lab: Lab): string[] {
  const own = lab
    .nftj(lab.host)
    .filter(({ rule, element, chain }) => rule || element || /cni-br-iface|CNI-/.test(chain?.name ?? ""));
  const saved = ["iptables-save", "ip6tables-save"].map((tool) => lab.sh(lab.host, tool, "-t", "nat"));
  return [
    ...own.map((row) => JSON.stringify(row).replaceAll(/"handle": ?\d+/g, "")),
    ...saved.flatMap((text) => text.split("\n").filter((line) => line.includes("CNI-"))),
  ];
}

/** Changes the attribute of each lease of the network. */
function rewrite(lab: Lab, change: (text: string) => string): string[] {
  const directory = join(lab.store, "labnet");
  return readdirSync(directory)
    .filter((name) => /^[0-9a-f.:]+$/.test(name))
    .map((name) => {
      const fd = sys.open(join(directory, name), O.RDWR);
      const text = change(sys.getxattr(fd, "user.berth") ?? "");
      sys.setxattr(fd, "user.berth", text);
      sys.close(fd);
      return text;
    });
}

/** GC as a runtime calls it, for which only `ids` are still valid. */
function collect(lab: Lab, ...ids: string[]) {
  const valid = ids.map((containerID) => ({ containerID, ifname: "eth0" }));
  const conf = network(lab, { "cni.dev/valid-attachments": valid });
  return lab.call("bridge", "GC", { conf, env: { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" } });
}

/** Two attachments made with the key: the rules of the first alone, and the namespace of the second. */
function twoWith(lab: Lab, key: object) {
  const [stays, goes] = [lab.container(), lab.container()];
  lab.add({ ns: stays, id: "stays", conf: network(lab, key) });
  const kept = rules(lab);
  lab.add({ ns: goes, id: "goes", conf: network(lab, key) });
  expect(rules(lab).length).toBeGreaterThan(kept.length);
  return { stays, goes, kept };
}

describe("bridge/DEL after a key was taken out of the configuration", () => {
  need.each(KEYS)("%s: nothing of it is left, with the namespace and without", async (_, key) => {
    await inLab((lab) => {
      const { stays, goes, kept } = twoWith(lab, key);
      lab.del({ ns: goes, id: "goes", conf: network(lab) });
      expect(rules(lab)).toEqual(kept);
      lab.sh(lab.host, "ip", "netns", "del", stays);
      lab.del({ ns: stays, id: "stays", conf: network(lab) });
      expect([rules(lab).filter((line) => /stays|CNI-|cni-br-iface/.test(line)), lab.leases()]).toEqual([[], {}]);
    })();
  });

  need(
    "of a lease that an older berth marked, which does not say: as the configuration says",
    inLab((lab) => {
      const [, key] = KEYS[2] as [string, object];
      const { goes, kept } = twoWith(lab, key);
      const made = rules(lab);
      for (const text of rewrite(lab, (text) => text.replace(/ r=\w+/, ""))) expect(text).not.toContain("r=");
      lab.del({ ns: goes, id: "goes", conf: network(lab, key) });
      expect(rules(lab)).toEqual(kept);
      lab.add({ ns: goes, id: "goes", conf: network(lab, key) });
      expect(rules(lab).length).toBe(made.length);
      rewrite(lab, (text) => text.replace(/ r=\w+/, ""));
      lab.del({ ns: goes, id: "goes", conf: network(lab) });
      expect(rules(lab).length).toBe(made.length);
    }),
  );

  need(
    "of an ADD that was killed before the lease could say: nothing is left either",
    inLab((lab) => {
      const [, key] = KEYS[2] as [string, object];
      const { goes, kept } = twoWith(lab, key);
      // What an ADD has written until all of its rules are made.
      for (const text of rewrite(lab, (text) => text.replace(/ h=.*/, ""))) expect(text).not.toMatch(/ [hir]=/);
      lab.del({ ns: goes, id: "goes", conf: network(lab) });
      expect(rules(lab)).toEqual(kept);
    }),
  );
});

describe("bridge/ADD again, of an attachment whose namespace was destroyed, after a key was taken out", () => {
  need.each(KEYS)("%s: the container is not held to it, and DEL leaves nothing", async (_, key) => {
    await inLab((lab) => {
      const { goes, kept } = twoWith(lab, key);
      lab.sh(lab.host, "ip", "netns", "del", goes);
      const ns = lab.container();
      lab.add({ ns, id: "goes", conf: network(lab) });
      expect([rules(lab), answers(lab, ns, "10.77.0.1"), answers(lab, ns, "fd77::1")]).toEqual([kept, true, true]);
      expect(rewrite(lab, (text) => text).filter((text) => text.includes(" r=")).length).toBe(2);
      lab.del({ ns, id: "goes", conf: network(lab) });
      expect(rules(lab)).toEqual(kept);
    })();
  });
});

describe("bridge/GC after a key was taken out of the configuration", () => {
  need.each(KEYS)("%s: nothing of the dead one is left, all of the live one", async (_, key) => {
    await inLab((lab) => {
      const { goes, kept } = twoWith(lab, key);
      lab.sh(lab.host, "ip", "netns", "del", goes);
      expect(collect(lab, "stays")).toMatchObject({ status: 0, stdout: "" });
      expect(rules(lab)).toEqual(kept);
      expect(new Set(Object.values(lab.leases()))).toEqual(new Set(["stays\r\neth0"]));
    })();
  });

  need(
    "keeps the iptables rules of another interface of the container",
    inLab((lab) => {
      const ns = lab.container();
      const conf = network(lab, { ipMasq: true, ipMasqBackend: "iptables" });
      lab.add({ ns, id: "stays", conf });
      const kept = rules(lab);
      const second = network(lab, { ...conf, ipam: { ...DUAL_STACK, routes: [] } });
      lab.add({ ns, id: "stays", ifname: "eth1", conf: second });
      expect(collect(lab, "stays")).toMatchObject({ status: 0, stdout: "" });
      expect(rules(lab)).toEqual(kept);
    }),
  );
});
