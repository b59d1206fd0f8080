/** The commands that make and remove an attachment's rules, by what is there. */
import { describe, expect, test } from "bun:test";
import { additions, missing, type Target } from "../../../../src/features/firewall/additions.ts";
import { commentOf, isolationRules, publishedBy, publishedRules } from "../../../../src/features/firewall/layout.ts";
import { removalOf } from "../../../../src/features/firewall/removal.ts";
import type { Isolation } from "../../../../src/features/firewall/wish.ts";
import { Saved } from "../../../../src/iptables/saved.ts";

const EMPTY = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD DROP [5:300]", ":OUTPUT ACCEPT [0:0]"];

/** What iptables-save prints after commands, as iptables-restore does them. */
function after(lines: readonly string[], commands: readonly string[]): string[] {
  const all = [...lines];
  const inChain = (chain: string) => all.flatMap((line, i) => (line.startsWith(`-A ${chain} `) ? [i] : []));
  for (const command of commands) {
    const [verb, chain = "", ...rest] = command.split(" ");
    const rule = (words: string[]) => `-A ${chain} ${words.join(" ")}`;
    const end = all.length;
    if (verb === "-N") all.splice(all.findLastIndex((line) => line.startsWith(":")) + 1, 0, `:${chain} - [0:0]`);
    else if (verb === "-A") all.push(rule(rest));
    else if (verb === "-I") all.splice(inChain(chain)[Number(rest[0]) - 1] ?? end, 0, rule(rest.slice(1)));
    else all.splice(all.indexOf(rule(rest)), 1);
  }
  return all;
}

const ISOLATED: Isolation = { bridge: "br0", policy: "isolated" };

function target(id: string, addresses: string[], isolation?: Isolation): Target {
  const owner = { network: "net", containerId: id, ifname: "eth0" };
  const comment = commentOf(owner, isolation);
  const tag = comment.slice(0, 33);
  return { owner: { tag, comment }, addresses, adminChain: "CNI-ADMIN", accepts: true, isolation };
}

const tagOf = ({ owner }: Target) => owner?.tag ?? "";
const add = (lines: string[], one: Target) => after(lines, additions(Saved.parse(lines.join("\n")), [one]));
const remove = (lines: string[], one: Target, known?: Parameters<typeof removalOf>[2]) =>
  after(
    lines,
    removalOf(Saved.parse(lines.join("\n")), (tag) => tag === tagOf(one), known),
  );
const rules = (lines: string[], chain: string) =>
  lines.flatMap((line) => (line.startsWith(`-A ${chain} `) ? [line.split(" -j ")[1]] : []));

const one = target("one", ["10.1.2.3/32"]);
const isolated = target("two", ["10.1.2.4/32"], ISOLATED);

describe("additions()", () => {
  test("has nothing to do the second time", () => {
    for (const each of [one, isolated]) {
      const there = add(EMPTY, each);
      expect(add(there, each)).toEqual(there);
    }
  });

  test("leads to published ports first, to isolation second, in whatever order networks come", () => {
    const both = [add(add(EMPTY, one), isolated), add(add(EMPTY, isolated), one)];
    for (const lines of both) {
      expect(rules(lines, "FORWARD")).toEqual(["CNI-PUBLISHED", "CNI-ISOLATION-STAGE-1", "CNI-FORWARD"]);
    }
  });

  test("keeps rules of others where they are, and its own before them", () => {
    const others = [...EMPTY, "-A FORWARD -j THEIRS"];
    expect(rules(add(others, one), "FORWARD")).toEqual(["CNI-PUBLISHED", "CNI-FORWARD", "THEIRS"]);
    const between = add(others, one).toSpliced(5, 0, "-A FORWARD -j FIRST");
    expect(rules(add(between, isolated), "FORWARD").slice(0, 3)).toEqual([
      "FIRST",
      "CNI-PUBLISHED",
      "CNI-ISOLATION-STAGE-1",
    ]);
  });

  test("puts the way to published ports back before what the reference has put there", () => {
    const there = add(EMPTY, one);
    const jump =
      '-A FORWARD -m comment --comment "CNI firewall plugin rules (ingressPolicy: same-bridge|isolated)" -j CNI-ISOLATION-STAGE-1';
    const theirs = there.toSpliced(
      there.findIndex((line) => line.startsWith("-A FORWARD")),
      0,
      jump,
    );
    expect(rules(theirs, "FORWARD")[0]).toBe("CNI-ISOLATION-STAGE-1");
    expect(rules(add(theirs, one), "FORWARD")).toEqual(["CNI-PUBLISHED", "CNI-ISOLATION-STAGE-1", "CNI-FORWARD"]);
  });

  test("replaces what an earlier attempt has left", () => {
    const fresh = add(EMPTY, one);
    for (const earlier of [target("one", ["10.1.2.9/32"]), target("one", ["10.1.2.3/32"], ISOLATED)]) {
      const again = add(add(EMPTY, earlier), one);
      expect(again.filter((line) => line.startsWith("-A CNI-PUBLISHED -") || / -[sio] /.test(line))).toEqual(
        fresh.filter((line) => line.startsWith("-A CNI-PUBLISHED -") || / -[sio] /.test(line)),
      );
    }
  });

  test("a CHECK with another policy, or beside what another try has left, misses nothing", () => {
    const lines = add(add(EMPTY, isolated), target("two", ["10.1.2.4/32", "10.1.2.5/32"], ISOLATED));
    const open = { ...target("two", ["10.1.2.4/32"]), owner: isolated.owner };
    expect(missing(Saved.parse(lines.join("\n")), [open])).toEqual([]);
  });

  test("makes for many at once what they would get one by one, each part once, and takes what was left of any", () => {
    const byFirewalld = {
      ...target("four", ["10.1.2.6/32"], { bridge: "br1", policy: "same-bridge" }),
      accepts: false,
    };
    const all = [one, isolated, target("three", ["10.1.2.5/32"], ISOLATED), byFirewalld];
    const foreign = [...EMPTY, "-A FORWARD -j THEIRS"];
    const left = add(add(foreign, target("one", ["10.1.2.9/32"])), target("three", ["10.1.2.8/32"], ISOLATED));
    for (const lines of [foreign, left, add(foreign, isolated)]) {
      const atOnce = after(lines, additions(Saved.parse(lines.join("\n")), all));
      const oneByOne = all.reduce(add, lines);
      expect(atOnce.toSorted()).toEqual(oneByOne.toSorted());
      expect(rules(atOnce, "FORWARD")).toEqual(rules(oneByOne, "FORWARD"));
      expect(new Set(atOnce).size).toBe(atOnce.length);
      expect(additions(Saved.parse(atOnce.join("\n")), all)).toEqual([]);
    }
    expect(additions(Saved.parse(EMPTY.join("\n")), [])).toEqual([]);
  });

  test("asks of what the reference has made for nothing that is berth's", () => {
    const commands = additions(Saved.parse(EMPTY.join("\n")), [{ ...one, owner: undefined }]);
    expect(commands.filter((command) => command.includes("PUBLISHED"))).toEqual([]);
  });
});

describe("removalOf()", () => {
  const shared = add(EMPTY, target("other", []));

  test("leaves the shared parts", () => {
    expect(remove(add(shared, one), one)).toEqual(shared);
    expect(remove(shared, one)).toEqual(shared);
  });

  test("keeps an address that another attachment has", () => {
    const same = target("same", ["10.1.2.3/32"]);
    const left = remove(add(add(shared, one), same), one, { addresses: ["10.1.2.3/32"] });
    expect(left).toEqual(add(shared, same));
  });

  test("takes the rules of a bridge away with its last attachment", () => {
    const last = target("three", ["10.1.2.5/32"], { bridge: "br0", policy: "same-bridge" });
    const both = add(add(shared, isolated), last);
    const about = (lines: string[]) => lines.filter((line) => line.includes("-o br0"));
    expect(about(remove(both, isolated))).toEqual(about(both));
    expect(about(remove(remove(both, isolated), last))).toEqual([]);
  });

  test("keeps the rules of a bridge while somebody may be on it who does not say so", () => {
    const theirs = add(add(shared, isolated), { ...target("theirs", ["10.1.2.9/32"]), owner: undefined });
    expect(remove(theirs, isolated).filter((line) => line.includes("-o br0"))).toHaveLength(3);
    const known = { addresses: ["10.1.2.9/32"], bridge: "br0" };
    expect(remove(remove(theirs, isolated), one, known).filter((line) => line.includes("-o br0"))).toEqual([]);
  });
});

describe("publishedBy()", () => {
  test("reads what publishedRules() writes, whatever an interface is called", () => {
    for (const isolation of [undefined, { bridge: "br,0 net: x".replace(/ /g, ""), policy: "isolated" } as const]) {
      const owner = { network: "net", containerId: "c", ifname: "et'h\"0\\" };
      const comment = commentOf(owner, isolation);
      for (const spec of publishedRules("fd00::3/128", comment)) {
        expect(publishedBy(spec)).toEqual({
          spec,
          comment,
          tag: comment.slice(0, 33),
          address: "fd00::3/128",
          bridge: isolation?.bridge,
        });
      }
    }
  });

  test("knows that a rule is somebody else's", () => {
    expect(publishedBy('-d 10.1.2.3/32 -m comment --comment "mine" -j ACCEPT')).toBeUndefined();
  });

  test("the comment fits the longest names", () => {
    const owner = { network: "n".repeat(200), containerId: "c".repeat(255), ifname: "eth0" };
    expect(commentOf(owner, { bridge: "a".repeat(15), policy: "isolated" })).toHaveLength(255);
  });
});

test("isolationRules() drops within a bridge only when it is isolated", () => {
  const counts = (["same-bridge", "isolated"] as const).map(
    (policy) => isolationRules({ bridge: "br0", policy }).length,
  );
  expect(counts).toEqual([2, 3]);
});
