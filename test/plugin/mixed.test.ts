/** berth and the reference on one bridge and one directory of leases, as while a node is being upgraded. */
import { describe, expect } from "bun:test";
import { answers } from "../support/answers.ts";
import type { Json } from "../support/command.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { BIN, built, can, namespaces, needs, nftables, REFERENCE, reference } from "../support/needs.ts";
import type { Reply } from "../support/plugin.ts";
import { DUAL_STACK } from "../support/pools.ts";

const iptables = can("root and iptables", "iptables", "-t", "nat", "-S");
const need = needs(namespaces, built, nftables, iptables, reference);

/** `BERTH_OPERATIONS=1000` for the full run. */
const OPERATIONS = Number(process.env.BERTH_OPERATIONS ?? 200);
const AT_ONCE = 4;
const SIDES = [BIN, REFERENCE] as const;
const nameOf = (bin: string) => (bin === BIN ? "berth" : "reference");

const network = (lab: Lab, over: object = {}) =>
  lab.conf({ cniVersion: "1.1.0", ipMasq: true, ipam: DUAL_STACK, ...over });

const NOBODY = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };
const validOf = (ids: Iterable<string>) => [...ids].map((containerID) => ({ containerID, ifname: "eth0" }));

/** The same numbers in every run: mulberry32. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

/** What several containers do at once: calls of both, all of which must succeed. */
class Traffic {
  readonly errors: string[] = [];
  readonly duplicates: string[] = [];
  operations = 0;
  /** Containers from before their ADD until after their DEL: those that no GC may touch. */
  readonly #live = new Set<string>();
  readonly #addresses = new Map<string, string>();
  readonly #lab: Lab;
  readonly #roll = dice(7);

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** One container after another in the namespace `ns`, until all operations are done. */
  async containersIn(ns: string, worker: number): Promise<void> {
    for (let n = 0; this.operations < OPERATIONS; n++) {
      const id = `mixed-${worker}-${n}`;
      // The next one exists already: a GC that is about to start must know of whoever is added before it has.
      for (const one of [id, `mixed-${worker}-${n + 1}`]) this.#live.add(one);
      const { json: result } = await this.#call("ADD", { ns, id });
      for (const { address } of result?.ips ?? []) {
        if (this.#addresses.has(address)) this.duplicates.push(`${address}: ${id} and ${this.#addresses.get(address)}`);
        this.#addresses.set(address, id);
      }
      const conf = network(this.#lab, { prevResult: result });
      for (let left = this.#roll(3); left > 0; left--) await this.#call("CHECK", { ns, id, conf });
      if (this.#roll(4) === 0) await this.#collect();
      for (const { address } of result?.ips ?? []) this.#addresses.delete(address);
      await this.#call("DEL", { ns, id, conf });
      this.#live.delete(id);
    }
  }

  async #collect(): Promise<void> {
    const conf = network(this.#lab, { "cni.dev/valid-attachments": validOf(this.#live) });
    await this.#call("GC", { conf, env: NOBODY });
  }

  async #call(verb: "ADD" | "CHECK" | "DEL" | "GC", options: Json): Promise<Reply> {
    const bin = SIDES[this.#roll(SIDES.length)] ?? BIN;
    this.operations += 1;
    const reply = await this.#lab.start("bridge", verb, { conf: network(this.#lab), ...options, bin }).reply;
    if (reply.status !== 0)
      this.errors.push(`${verb} ${options.id ?? ""} by ${nameOf(bin)}: ${reply.stdout}${reply.stderr}`);
    return reply;
  }
}

need(
  `bridge of berth and of the reference, ${OPERATIONS} ADD, CHECK, GC and DEL of either at random, ${AT_ONCE} at once`,
  inLab(async (lab) => {
    const traffic = new Traffic(lab);
    const places = Array.from({ length: AT_ONCE }, () => lab.container());
    await Promise.all(places.map((ns, worker) => traffic.containersIn(ns, worker)));
    const { errors, duplicates, operations } = traffic;
    console.log(`mixed: ${operations} operations, ${errors.length} errors, ${duplicates.length} duplicates`);
    expect({ errors, duplicates }).toEqual({ errors: [], duplicates: [] });
    expect(operations).toBeGreaterThanOrEqual(OPERATIONS);
    expect([lab.leases(), lab.ports()]).toEqual([{}, []]);
    // The reference's DEL does not know berth's rules: the next GC finds them.
    lab.call("bridge", "GC", { conf: network(lab, { "cni.dev/valid-attachments": [] }), env: NOBODY });
    expect(rulesOf(lab)).toEqual([]);
  }),
  300_000,
);

/** All that names a container of `Traffic` or an address of the subnets. */
function rulesOf(lab: Lab): string[] {
  const text = lab.sh(lab.host, "nft", "list", "ruleset") + lab.sh(lab.host, "iptables-save");
  return text
    .split("\n")
    .filter((line) => /mixed-|CNI-|10\.77\.0\.\d+(?![/\d-])|fd77::[0-9a-f]+(?![/0-9a-f-])/.test(line));
}

describe("bridge/DEL of what the reference's ADD made", () => {
  need.each([
    ["iptables", "iptables"],
    ["nftables", "nftables"],
    ["absent", undefined],
  ] as const)("with ipMasqBackend %s leaves no lease, port or rule", async (_, ipMasqBackend) => {
    await inLab((lab) => {
      const [a, b] = [lab.container(), lab.container()];
      const conf = network(lab, { ipMasqBackend });
      for (const [ns, id] of [[a, "mixed-a"] as const, [b, "mixed-b"] as const])
        lab.add({ ns, id, conf, bin: REFERENCE });
      expect(rulesOf(lab).length).toBeGreaterThan(0);
      // The configuration does not say it any more, and one namespace is gone.
      lab.del({ ns: a, id: "mixed-a", conf: network(lab) });
      lab.sh(lab.host, "ip", "netns", "del", b);
      lab.del({ id: "mixed-b", conf });
      // The kernel takes a namespace down in its own time.
      for (let left = 100; lab.ports().length > 0 && left > 0; left--) Bun.sleepSync(20);
      expect([lab.leases(), lab.ports(), rulesOf(lab)]).toEqual([{}, [], []]);
    })();
  });
});

describe("rolling back: the reference's DEL of what berth's ADD made", () => {
  /** The addresses in berth's sets. */
  const entries = (lab: Lab) => lab.nftj(lab.host).flatMap((row) => row.set?.elem ?? []).length;

  need.each([
    ["absent", undefined, 2],
    ["iptables", "iptables", 0],
  ] as const)("with ipMasqBackend %s succeeds; what it leaves, berth's GC removes", async (_, ipMasqBackend, left) => {
    await inLab((lab) => {
      const ns = lab.container();
      const conf = network(lab, { ipMasqBackend, macspoofchk: true });
      const prevResult = lab.add({ ns, id: "mixed-a", conf });
      for (const again of [{ ...conf, prevResult }, conf]) lab.del({ ns, id: "mixed-a", conf: again, bin: REFERENCE });
      expect([lab.leases(), lab.ports(), entries(lab)]).toEqual([{}, [], left]);
      lab.call("bridge", "GC", { conf: { ...conf, "cni.dev/valid-attachments": [] }, env: NOBODY });
      expect([rulesOf(lab), entries(lab)]).toEqual([[], 0]);
    })();
  });
});

describe("bridge/GC", () => {
  need.each([
    ["berth", BIN],
    ["the reference", REFERENCE],
  ])(
    "of three attachments that %s made, with two valid: the third is gone, the two still reach each other",
    async (_, bin) => {
      await inLab((lab) => {
        const ids = ["mixed-0", "mixed-1", "mixed-2"];
        const guests = ids.map((id) => ({ id, ns: lab.container() }));
        const results = guests.map((guest) => lab.add({ ...guest, conf: network(lab), bin }));
        const gc = (valid: object) => lab.call("bridge", "GC", { conf: network(lab, valid), env: NOBODY });
        const seen = () => [Object.keys(lab.leases()).length, lab.ports().length, rulesOf(lab)];

        const before = seen();
        expect(gc({})).toMatchObject({ status: 0, stdout: "" });
        expect(seen()).toEqual(before);

        expect(gc({ "cni.dev/valid-attachments": validOf(ids.slice(0, 2)) })).toMatchObject({ status: 0, stdout: "" });
        // Nothing tells whose a port of the reference's is: it goes with its container's namespace.
        expect([Object.keys(lab.leases()).length, lab.ports().length]).toEqual([4, bin === BIN ? 2 : 3]);
        const third = lab.rulesNaming(
          "mixed-2",
          ...results[2].ips.map(({ address }: Json) => address.replace(/\/.*/, "")),
        );
        expect(third).toEqual([]);
        for (const { address } of results[1].ips) {
          expect([address, answers(lab, guests[0]?.ns ?? "", address)]).toEqual([address, true]);
        }
      })();
    },
  );
});
