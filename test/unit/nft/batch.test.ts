import { expect, test } from "bun:test";
import { parseIp } from "../../../src/base/ip.ts";
import { parseMac } from "../../../src/base/mac.ts";
import { encodeUtf8 } from "../../../src/base/utf8.ts";
import { Batch } from "../../../src/nft/batch.ts";
import type { ObjectOf, Verb } from "../../../src/nft/commands.ts";
import { verdict } from "../../../src/nft/match-link.ts";
import type { Kind } from "../../../src/nft/objects.ts";
import { Packed } from "../../../src/nft/packed.ts";

const table = { kind: "table" } as const;
const chain = { kind: "chain", name: "c", base: { type: "nat", hook: "input", priority: 5 } } as const;
const set = { kind: "set", name: "s", type: "ipv6_addr" } as const;
const element = { kind: "element", set, key: parseIp("fd00::1") ?? expect.unreachable(), comment: "who" } as const;
const elements = {
  kind: "elements",
  set,
  elements: [element, { key: parseIp("fd00::2") ?? expect.unreachable() }],
} as const;
const two = new Packed(set);
for (const { key } of elements.elements) {
  const at = two.push();
  two.bytes.set(key, at);
}
const packed = { kind: "packed", packed: two, from: 0, to: 2 } as const;
const rule = { kind: "rule", chain: "c", statements: [verdict("accept")] } as const;
const handle = { kind: "handle", chain: "c", handle: 9 } as const;

const literal = { kind: "literal", id: 99, type: "ipv6_addr", hasIntervals: false } as const;

const CHAIN = "{ type nat hook input priority 5 ; policy accept ; }";

type Cases = {
  [V in Verb]: { [K in Kind]: Extract<ObjectOf<V>, { kind: K }> extends never ? "refused" : [Batch, string] };
};
const batch = () => new Batch("ip6", "t");

/** Every verb with every kind of object; a case left out does not compile. */
const CASES: Cases = {
  add: {
    table: [batch().add(table), "add table ip6 t"],
    chain: [batch().add(chain), `add chain ip6 t c ${CHAIN}`],
    set: [batch().add(set), "add set ip6 t s { type ipv6_addr ; }"],
    element: [batch().add(element), 'add element ip6 t s { fd00::1 comment "who" }'],
    elements: [batch().add(elements), 'add element ip6 t s { fd00::1 comment "who", fd00::2 }'],
    packed: [batch().add(packed), "add element ip6 t s { fd00::1, fd00::2 }"],
    rule: [batch().add(rule), "add rule ip6 t c accept"],
    handle: "refused",
    // They are printed with their rule.
    literal: [batch().add(literal), ""],
    keys: [batch().add({ kind: "keys", literal, keys: [{ key: element.key }] }), ""],
  },
  insert: {
    table: "refused",
    chain: "refused",
    set: "refused",
    element: "refused",
    elements: "refused",
    packed: "refused",
    rule: [batch().insert(rule), "insert rule ip6 t c accept"],
    handle: "refused",
    literal: "refused",
    keys: "refused",
  },
  create: {
    table: [batch().create(table), "create table ip6 t"],
    chain: [batch().create(chain), `create chain ip6 t c ${CHAIN}`],
    set: [batch().create(set), "create set ip6 t s { type ipv6_addr ; }"],
    element: [batch().create(element), 'create element ip6 t s { fd00::1 comment "who" }'],
    elements: [batch().create(elements), 'create element ip6 t s { fd00::1 comment "who", fd00::2 }'],
    packed: "refused",
    rule: "refused",
    handle: "refused",
    literal: "refused",
    keys: "refused",
  },
  delete: {
    table: [batch().delete(table), "delete table ip6 t"],
    chain: [batch().delete(chain), "delete chain ip6 t c"],
    set: [batch().delete(set), "delete set ip6 t s"],
    element: [batch().delete(element), "delete element ip6 t s { fd00::1 }"],
    elements: [batch().delete(elements), "delete element ip6 t s { fd00::1, fd00::2 }"],
    packed: [batch().delete(packed), "delete element ip6 t s { fd00::1, fd00::2 }"],
    rule: "refused",
    handle: [batch().delete(handle), "delete rule ip6 t c handle 9"],
    literal: "refused",
    keys: "refused",
  },
  destroy: {
    table: [batch().destroy(table), "destroy table ip6 t"],
    chain: [batch().destroy(chain), "destroy chain ip6 t c"],
    set: [batch().destroy(set), "destroy set ip6 t s"],
    element: [batch().destroy(element), "destroy element ip6 t s { fd00::1 }"],
    elements: [batch().destroy(elements), "destroy element ip6 t s { fd00::1, fd00::2 }"],
    packed: [batch().destroy(packed), "destroy element ip6 t s { fd00::1, fd00::2 }"],
    rule: "refused",
    handle: [batch().destroy(handle), "destroy rule ip6 t c handle 9"],
    literal: "refused",
    keys: "refused",
  },
  flush: {
    table: [batch().flush(table), "flush table ip6 t"],
    chain: [batch().flush(chain), "flush chain ip6 t c"],
    set: [batch().flush(set), "flush set ip6 t s"],
    element: "refused",
    elements: "refused",
    packed: "refused",
    rule: "refused",
    handle: "refused",
    literal: "refused",
    keys: "refused",
  },
};

for (const [verb, kinds] of Object.entries(CASES)) {
  for (const [kind, item] of Object.entries(kinds)) {
    if (item !== "refused")
      test(`toString() ${verb} ${kind}`, () => expect(`${item[0]}`).toBe(item[1] && `${item[1]}\n`));
  }
}

test("toString() is a command a line, in order", () => {
  expect(`${batch().add(table).add(set).flush(set)}`).toBe(
    "add table ip6 t\nadd set ip6 t s { type ipv6_addr ; }\nflush set ip6 t s\n",
  );
});

test("toString() prints keys by their type", () => {
  const key = new Uint8Array(16);
  key.set(encodeUtf8("veth0"));
  const mac = parseMac("02:00:00:00:00:01") ?? expect.unreachable();
  const keys = new Batch("bridge", "b")
    .delete({ kind: "element", set: { name: "i", type: "ifname" }, key })
    .delete({ kind: "element", set: { name: "m", type: "ether_addr" }, key: mac });
  expect(`${keys}`).toBe('delete element bridge b i { "veth0" }\ndelete element bridge b m { 02:00:00:00:00:01 }\n');
});
