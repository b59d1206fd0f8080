import { describe, expect } from "bun:test";
import { answers } from "../../support/answers.ts";
import type { Json } from "../../support/command.ts";
import type { CallOptions, Verb } from "../../support/conf.ts";
import { farHost, UPLINK } from "../../support/far-host.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, can, namespaces, needs, nftables } from "../../support/needs.ts";
import { DUAL_STACK } from "../../support/pools.ts";

const need = needs(namespaces, built, nftables);
const needIptables = needs(namespaces, built, nftables, can("root and iptables", "iptables", "-t", "nat", "-S"));

/** Objects of berth's tables by their kind, as nft counts them. */
function count(lab: Lab, ...kinds: string[]): number[] {
  const rows = lab.nftj(lab.host).filter((row) => Object.values<Json>(row)[0].table === "berth");
  return kinds.map((kind) => rows.filter((row) => row[kind]).length);
}

/** One of many networks on the same bridge. */
const numbered = (lab: Lab, i: number) =>
  lab.conf({
    name: `net${i}`,
    isGateway: false,
    ipMasq: true,
    ipam: { type: "host-local", ranges: [[{ subnet: `10.9.${i}.0/24` }], [{ subnet: `fd09:${i}::/64` }]] },
  });

const masqueraded = (lab: Lab) => lab.conf({ ipMasq: true, ipam: DUAL_STACK });

describe("bridge/ADD with ipMasq", () => {
  need(
    "a far host sees the host's address",
    inLab((lab) => {
      const far = farHost(lab);
      const ns = lab.container();
      lab.add({ ns, conf: masqueraded(lab) });
      for (const address of far.addresses) expect([address, answers(lab, ns, address)]).toEqual([address, true]);
      expect(far.seen()).toEqual([UPLINK.v4, UPLINK.v6]);
    }),
  );

  need(
    "without it, the container's own",
    inLab((lab) => {
      const far = farHost(lab);
      const ns = lab.container();
      lab.add({ ns, conf: lab.conf({ ipam: DUAL_STACK }) });
      for (const address of far.addresses) expect(answers(lab, ns, address, 200)).toBe(false);
      expect(far.seen()).toEqual(["10.77.0.2", "fd77::2"]);
    }),
  );

  need(
    "a neighbour on the bridge sees the container's own address",
    inLab((lab) => {
      const [a, b] = [lab.container(), lab.container()];
      lab.add({ ns: a, id: "a", conf: masqueraded(lab) });
      const { ips } = lab.add({ ns: b, id: "b", conf: masqueraded(lab) });
      lab.sh(b, "nft", "table ip t { chain c { type filter hook input priority 0; ip saddr 10.77.0.2 counter; }; }");
      expect(answers(lab, a, ips[0].address)).toBe(true);
      const counted = lab.nftj(b).flatMap((row) => row.rule?.expr ?? []);
      expect(counted.find((expr) => expr.counter)?.counter.packets).toBe(1);
    }),
  );

  needIptables(
    "a user's own earlier SNAT for the subnet keeps winning",
    inLab((lab) => {
      const far = farHost(lab);
      const snat = `-t nat -A POSTROUTING -s 10.77.0.0/24 -o ${UPLINK.device} -j SNAT --to-source ${UPLINK.second}`;
      lab.sh(lab.host, "iptables", ...snat.split(" "));
      const ns = lab.container();
      lab.add({ ns, conf: masqueraded(lab) });
      expect(answers(lab, ns, far.addresses[0])).toBe(true);
      expect(far.seen()).toEqual([UPLINK.second]);
    }),
  );

  need(
    "makes one rule and one set for each subnet however many containers there are, elements naming their owners",
    inLab((lab) => {
      const ids = ["a", "b", "c"];
      for (const id of ids) lab.add({ ns: lab.container(), id, conf: masqueraded(lab) });
      const rows = lab.nftj(lab.host);
      const sets = rows.flatMap((row) => row.set ?? []);
      expect(rows.filter((row) => row.rule).length).toBe(2);
      expect(sets.map(({ family, elem }) => [family, elem.length])).toEqual([
        ["ip", 3],
        ["ip6", 3],
      ]);
      const comments = sets.flatMap(({ elem }) => elem.map((one: { elem: { comment: string } }) => one.elem.comment));
      const readable = comments.map((comment) => comment.replace(/^[0-9a-f]{16}-[0-9a-f]{16}, /, "")).sort();
      const wanted = ids.map((id) => `net: labnet, if: eth0, id: ${id}`);
      expect(readable).toEqual([...wanted, ...wanted].sort());
    }),
  );

  need(
    "is for every address of a container, two of one family included",
    inLab((lab) => {
      const ipam = {
        type: "host-local",
        ranges: ["10.77.0.0/24", "fd77::/64", "fd78::/64"].map((subnet) => [{ subnet }]),
      };
      const conf = lab.conf({ ipMasq: true, ipam });
      const ns = lab.container();
      const elements = () =>
        lab.nftj(lab.host).flatMap((row) => (row.set?.elem ?? []).map((one: Json) => one.elem.val));
      lab.add({ ns, conf });
      expect(elements().sort()).toEqual(["10.77.0.2", "fd77::2", "fd78::2"]);
      expect(lab.nftj(lab.host).filter((row) => row.rule).length).toBe(3);
      lab.del({ ns, conf });
      expect(elements()).toEqual([]);
    }),
  );

  need(
    "leaves a user's tables alone, and makes its own again after nft flush ruleset",
    inLab((lab) => {
      const [a, b] = [lab.container(), lab.container()];
      lab.add({ ns: a, id: "a", conf: masqueraded(lab) });
      lab.sh(lab.host, "nft", "flush", "ruleset");
      lab.sh(lab.host, "nft", "add", "table", "inet", "mine");
      const far = farHost(lab);
      lab.add({ ns: b, id: "b", conf: masqueraded(lab) });
      expect(answers(lab, b, far.addresses[0])).toBe(true);
      lab.del({ ns: a, id: "a", conf: masqueraded(lab) });
      lab.del({ ns: b, id: "b", conf: masqueraded(lab) });
      const tables = lab.nftj(lab.host).flatMap((row) => (row.table ? [`${row.table.family} ${row.table.name}`] : []));
      expect(tables.sort()).toEqual(["inet mine", "ip berth", "ip6 berth"]);
    }),
  );
});

describe("networks that come and go", () => {
  need(
    "50 of them, made, used and removed, leave no more than a handful of sets and rules",
    inLab((lab) => {
      const ns = lab.container();
      const live = { ns, id: "live", ifname: "eth9", conf: numbered(lab, 99) };
      live.conf.prevResult = lab.add(live);
      for (let i = 0; i < 50; i++) {
        const guest = { ns, id: `c${i}`, conf: numbered(lab, i) };
        lab.add(guest);
        lab.del(guest);
      }
      const [sets = 0, rules = 0] = count(lab, "set", "rule");
      // Those of the live one, of the last, and of four at most before it: in two families.
      expect(sets).toBeLessThanOrEqual(2 * 6);
      expect(rules).toBe(sets);
      expect(lab.call("bridge", "CHECK", live)).toMatchObject({ status: 0, stdout: "" });
    }),
  );

  need(
    "while containers join and leave them at once, all that are live are masqueraded, by one rule for a network",
    inLab(async (lab) => {
      const [workers, networks] = [6, 12];
      const until = performance.now() + 2500;
      let calls = 0;
      const succeed = async (verb: Verb, guest: CallOptions) => {
        calls++;
        const { status, stdout, json } = await lab.start("bridge", verb, guest).reply;
        expect([verb, status, status === 0 ? "" : stdout]).toEqual([verb, 0, ""]);
        return json;
      };
      const attach = async (ns: string, i: number) => {
        const guest = { ns, id: ns, ifname: `eth${i}`, conf: numbered(lab, i) };
        guest.conf.prevResult = await succeed("ADD", guest);
        await succeed("CHECK", guest);
        return guest;
      };
      /** Goes from network to network, and stays where it is when the time is over. */
      const wander = async (ns: string) => {
        for (;;) {
          const guest = await attach(ns, Math.floor(Math.random() * networks));
          if (performance.now() > until) return guest;
          await succeed("DEL", guest);
        }
      };
      const live = await Promise.all(Array.from({ length: workers }, () => wander(lab.container())));

      const rows = lab.nftj(lab.host);
      const elements = rows.flatMap((row) => (row.set?.elem ?? []).map((one: Json) => one.elem.val));
      const leased = live.flatMap(({ conf }) => (conf.prevResult as Json).ips.map(({ address }: Json) => address));
      expect(elements.sort()).toEqual(leased.map((address) => address.replace(/\/.*/, "")).sort());
      const sets = rows.flatMap(({ set }) => (set ? [set.name] : []));
      const looked = rows.flatMap(({ rule }) => (rule ? [rule.expr[0].match.right.slice(1)] : []));
      expect(looked.sort()).toEqual(sets.sort());
      for (const guest of live) await succeed("CHECK", guest);
      // A set and a rule take a number each.
      const made = Math.floor(Math.max(...rows.map(({ rule }) => rule?.handle ?? 0)) / 2);
      console.log(`masquerade: ${calls} calls, ${made} times a set was made in a family`);
      expect(made).toBeGreaterThan(2 * networks);

      await Promise.all(live.map((guest) => succeed("DEL", guest)));
      await attach(lab.container(), networks);
      const [left = 0, rules = 0] = count(lab, "set", "rule");
      expect(left).toBeLessThanOrEqual(2 * 5);
      expect(rules).toBe(left);
    }),
  );
});
