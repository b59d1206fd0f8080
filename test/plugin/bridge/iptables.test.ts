import { describe, expect } from "bun:test";
import { answers } from "../../support/answers.ts";
import { cniError } from "../../support/cni-error.ts";
import type { Json } from "../../support/command.ts";
import { farHost, UPLINK } from "../../support/far-host.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, can, namespaces, needs, nftables, REFERENCE, reference } from "../../support/needs.ts";
import { DUAL_STACK } from "../../support/pools.ts";
import { openRoom } from "../../support/room.ts";

const iptables = can("root and iptables", "iptables", "-t", "nat", "-S");
const legacy = can("root and iptables-legacy", "iptables-legacy", "-t", "nat", "-S");
const need = needs(namespaces, built, nftables, iptables);
const needReference = needs(namespaces, built, nftables, iptables, reference);
const needLegacy = needs(namespaces, built, nftables, iptables, legacy, reference);

const byIptables = (lab: Lab, over: object = {}) =>
  lab.conf({ ipMasq: true, ipMasqBackend: "iptables", ipam: DUAL_STACK, ...over });

/** The lines about containers in both families' tables, by the old iptables too. */
function rules(lab: Lab): string[] {
  const tools = ["iptables-save", "ip6tables-save", "iptables-legacy-save", "ip6tables-legacy-save"];
  const saved = tools.map((tool) => lab.attempt(lab.host, tool, "-t", "nat").stdout);
  return saved.flatMap((text) => text.split("\n").filter((line) => line.includes("CNI-")));
}

const elements = (lab: Lab) => lab.nftj(lab.host).flatMap((row) => row.set?.elem ?? []).length;

describe('bridge/ADD with ipMasqBackend "iptables"', () => {
  need(
    "a far host sees the host's address, a neighbour on the bridge the container's own",
    inLab((lab) => {
      const far = farHost(lab);
      const [a, b] = [lab.container(), lab.container()];
      lab.add({ ns: a, id: "a", conf: byIptables(lab) });
      const { ips } = lab.add({ ns: b, id: "b", conf: byIptables(lab) });
      for (const address of far.addresses) expect([address, answers(lab, a, address)]).toEqual([address, true]);
      expect(far.seen()).toEqual([UPLINK.v4, UPLINK.v6]);
      lab.sh(b, "nft", "table ip t { chain c { type filter hook input priority 0; ip saddr 10.77.0.2 counter; }; }");
      expect(answers(lab, a, ips[0].address)).toBe(true);
      const counted = lab.nftj(b).flatMap((row) => row.rule?.expr ?? []);
      expect(counted.find((expr: Json) => expr.counter)?.counter.packets).toBe(1);
      expect(elements(lab)).toBe(0);
    }),
  );

  needReference(
    "makes the reference's rules",
    inLab((lab) => {
      const made = (bin: string | undefined) => {
        const a = lab.container();
        const ipam = { ...DUAL_STACK, ranges: [...DUAL_STACK.ranges, [{ subnet: "10.78.0.0/24" }]] };
        const conf = byIptables(lab, { isGateway: false, ipam });
        lab.add({ ns: a, id: "a", conf, ...(bin && { bin }) });
        const one = rules(lab);
        lab.del({ ns: a, id: "a", conf });
        lab.sh(lab.host, "rm", "-r", lab.store);
        return one;
      };
      const theirs = made(REFERENCE);
      expect(theirs.length).toBe(10);
      expect(made(undefined)).toEqual(theirs);
    }),
  );

  need(
    "keeps the rules of another interface of the container, when one is added, fails and is deleted",
    inLab((lab) => {
      const ns = lab.container();
      lab.add({ ns, conf: byIptables(lab) });
      const one = rules(lab);
      const second = { ns, ifname: "eth1", conf: byIptables(lab, { ipam: { ...DUAL_STACK, routes: [] } }) };
      lab.add(second);
      expect(rules(lab).filter((line) => !one.includes(line)).length).toBe(2);
      lab.del(second);
      expect(rules(lab)).toEqual(one);
      lab.del({ ns, conf: byIptables(lab) });
      expect(rules(lab)).toEqual([]);
    }),
  );

  need("says which program is missing, and leaves nothing", async () => {
    await inLab(async (lab) => {
      const ns = lab.container();
      using room = await openRoom(lab, [
        "mount -t tmpfs none /usr/local/sbin",
        `mkdir ${lab.dir}/empty`,
        `mount --bind ${lab.dir}/empty /usr/sbin`,
      ]);
      const conf = JSON.stringify(byIptables(lab));
      const env = `CNI_COMMAND=ADD CNI_CONTAINERID=a CNI_NETNS=/run/netns/${ns} CNI_IFNAME=eth0 CNI_PATH=${lab.bin}`;
      const { status, stdout, stderr } = room.run("sh", "-c", `echo '${conf}' | env -i ${env} ${lab.bin}/bridge`);
      cniError(
        { status, stdout, stderr, json: JSON.parse(stdout) },
        "there is no iptables-restore",
        "install iptables",
      );
      expect([lab.leases(), lab.sh(lab.host, "ip", "-br", "link").includes("lab0")]).toEqual([{}, false]);
    })();
  });
});

describe("bridge/DEL removes the masquerading whatever the configuration says by now:", () => {
  const CONFS: [string, object][] = [
    ["iptables", { ipMasqBackend: "iptables" }],
    ["nftables", { ipMasqBackend: "nftables" }],
    ["nothing", { ipMasqBackend: undefined }],
  ];
  const pairs = CONFS.flatMap(([was, before]) => CONFS.map(([is, now]) => [was, is, before, now] as const));

  need.each(pairs)("%s, then %s", async (_, __, before, now) => {
    await inLab((lab) => {
      const [stays, ns] = [lab.container(), lab.container()];
      lab.add({ ns: stays, id: "stays", conf: byIptables(lab, before) });
      const kept = [rules(lab), elements(lab)];
      lab.add({ ns, conf: byIptables(lab, before) });
      lab.sh(lab.host, "ip", "netns", "del", ns);
      lab.del({ ns, conf: byIptables(lab, now) });
      expect([rules(lab), elements(lab)]).toEqual(kept);
      lab.del({ ns, conf: byIptables(lab, now) });
    })();
  });

  /** ADDs of the reference on a machine whose iptables is the old one. */
  async function addByOld(lab: Lab, guests: [id: string, ns: string][]): Promise<void> {
    using room = await openRoom(lab, [
      "mount -t tmpfs none /usr/local/sbin",
      ...["iptables", "ip6tables"].map((tool) => `ln -s $(command -v ${tool}-legacy) /usr/local/sbin/${tool}`),
    ]);
    const conf = JSON.stringify(byIptables(lab));
    for (const [id, ns] of guests) {
      const env = `PATH=/usr/local/sbin:/usr/sbin:/bin CNI_COMMAND=ADD CNI_CONTAINERID=${id} CNI_NETNS=/run/netns/${ns} CNI_IFNAME=eth0 CNI_PATH=${REFERENCE}`;
      const reply = room.run("sh", "-c", `echo '${conf}' | env -i ${env} ${REFERENCE}/bridge`);
      expect([reply.status, reply.stderr]).toEqual([0, ""]);
    }
  }

  needLegacy(
    "what the reference made with the old iptables",
    inLab(async (lab) => {
      const [stays, ns] = [lab.container(), lab.container()];
      await addByOld(lab, [["stays", stays]]);
      const kept = rules(lab);
      await addByOld(lab, [["goes", ns]]);
      expect(lab.sh(lab.host, "cat", "/proc/net/ip_tables_names")).toContain("nat");
      expect(rules(lab).length).toBe(2 * kept.length);
      for (let times = 0; times < 2; times++) {
        lab.del({ ns, id: "goes", conf: byIptables(lab) });
        expect(rules(lab)).toEqual(kept);
      }
    }),
  );

  needLegacy(
    "with the old iptables, waiting for whoever has its lock",
    inLab(async (lab) => {
      const ns = lab.container();
      await addByOld(lab, [["goes", ns]]);
      const LOCK = "/run/xtables.lock";
      await using holder = Bun.spawn(["flock", "--no-fork", LOCK, "sleep", "1.5"]);
      while (Bun.spawnSync(["flock", "-n", LOCK, "true"]).exitCode === 0) await Bun.sleep(10);
      const start = performance.now();
      lab.del({ ns, id: "goes", conf: byIptables(lab) });
      expect([await holder.exited, performance.now() - start > 1000, rules(lab)]).toEqual([0, true, []]);
    }),
  );
});

describe('bridge/CHECK with ipMasqBackend "iptables"', () => {
  need(
    "names a rule that is missing",
    inLab((lab) => {
      const ns = lab.container();
      const prevResult = lab.add({ ns, conf: byIptables(lab) });
      const check = () => lab.call("bridge", "CHECK", { ns, conf: byIptables(lab, { prevResult }) });
      expect(check()).toMatchObject({ status: 0, stdout: "" });
      lab.sh(lab.host, "ip6tables", "-t", "nat", "-F", "POSTROUTING");
      cniError(check(), "masquerading is broken", "POSTROUTING -s fd77::2/128");
    }),
  );
});
