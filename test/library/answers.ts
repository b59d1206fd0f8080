/** What plugins answer, generated: results in all versions, sound and not, and failures. */
import fc from "fast-check";
import { key, pick, record, type Values } from "../differential/values.ts";
import type { Json } from "../support/command.ts";

/** Numbers and texts as they stand in JSON: `@raw:1e400@` is written without its quotes. */
const RAW = /"@raw:([^"@]*)@"/g;

export const written = (value: Json): string => JSON.stringify(value).replace(RAW, "$1");

const VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

export const version: Values = pick<Json>(
  ...VERSIONS.map((one) => [3, one] as const),
  [12, "1.1.0"],
  [8, "0.4.0"],
  [1, "1.2.0"],
  [1, ""],
);

const number: Values = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  pick<Json>(
    [1, "@raw:123456789012345678901234567890@"],
    [1, "@raw:1.0@"],
    [1, "@raw:-0@"],
    [1, "@raw:1e21@"],
    [1, "@raw:1E-7@"],
    [1, "@raw:0.000001@"],
    [1, "@raw:9007199254740993@"],
  ),
);

export const text: Values = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 8 }) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 6 }) },
  {
    weight: 1,
    arbitrary: pick<Json>([1, "<a href='&'>"], [1, "\u2028\u2029"], [1, "\ud800"], [1, "\u0000\u001f\u007f"]),
  },
);

export const anything: Values = fc.oneof(
  { maxDepth: 3, depthIdentifier: "json" },
  text,
  number,
  fc.boolean(),
  fc.constant(null),
  fc.array(text, { maxLength: 3 }),
  fc.dictionary(text as fc.Arbitrary<string>, fc.oneof(text, number), { maxKeys: 4 }),
);

const address: Values = pick<Json>(
  [6, "10.1.2.3/24"],
  [3, "2001:DB8:0:0::1/64"],
  [1, "10.1.2.3"],
  [1, ""],
  [1, 7],
  [1, "010.1.2.3/24"],
);

const gateway: Values = pick<Json>([5, "10.1.2.1"], [2, "2001:db8::FFFF"], [1, ""], [1, null], [1, "x"]);

const whole: Values = pick<Json>([4, 1500], [1, 0], [1, -1], [1, 1.5], [1, "9"]);

const route: Values = record({
  dst: fc.oneof(pick<Json>([4, "0.0.0.0/0"], [2, "::/0"], [1, "192.168.7.9/16"]), address),
  gw: key(60, gateway),
  mtu: key(20, whole),
  advmss: key(10, whole),
  priority: key(10, whole),
  table: key(20, pick<Json>([3, 0], [3, 254], [1, null])),
  scope: key(20, pick<Json>([1, 0], [1, 253])),
  other: key(10, anything),
});

export const dns: Values = record({
  nameservers: key(50, pick<Json>([3, ["10.1.2.1"]], [1, []], [1, "10.1.2.1"])),
  domain: key(40, text),
  search: key(30, fc.array(text, { maxLength: 2 })),
  options: key(20, pick<Json>([1, ["ndots:5"]], [1, null])),
});

const modern = record({
  interfaces: key(
    70,
    fc.array(
      record({
        name: key(90, text),
        mac: key(60, pick<Json>([3, "AA:bb:cc:00:11:22"], [1, ""], [1, "none"])),
        mtu: key(20, whole),
        sandbox: key(40, text),
        socketPath: key(10, text),
        pciID: key(10, text),
        Name: key(5, text),
      }),
      { maxLength: 3 },
    ),
  ),
  ips: key(
    80,
    fc.array(
      record({
        version: key(30, pick<Json>([3, "4"], [1, "6"], [1, "5"])),
        interface: key(50, pick<Json>([4, 0], [1, 2], [1, null], [1, "0"])),
        address: key(95, address),
        gateway: key(50, gateway),
      }),
      { maxLength: 3 },
    ),
  ),
  routes: key(50, fc.array(route, { maxLength: 3 })),
  dns: key(40, dns),
});

const ip020: Values = record({
  ip: key(95, address),
  gateway: key(50, gateway),
  routes: key(50, fc.array(route, { maxLength: 2 })),
});

const legacy: Values = record({ ip4: key(70, ip020), ip6: key(40, ip020), dns: key(40, dns) });

/** A result, mostly in the list's version, or in none. */
function result(own: string): Values {
  const said: Values = pick<Json>(
    [8, own],
    [4, undefined],
    [1, ""],
    [1, "9.0.0"],
    ...VERSIONS.map((one) => [1, one] as const),
  );
  return fc.tuple(said, modern, legacy, key(10, anything)).map(([cniVersion, newer, older, extra]) => ({
    ...(/^0\.[12]\./.test(cniVersion ?? own) ? older : newer),
    ...(cniVersion === undefined ? {} : { cniVersion }),
    ...(extra === undefined ? {} : { extra }),
  }));
}

export const failure: Values = fc.oneof(
  record({ code: pick<Json>([5, 7], [2, 11], [1, 999], [1, -1], [1, "7"]), msg: text, details: key(50, text) }).map(
    (error) => ({ stdout: written(error), exit: 1 }),
  ),
  pick<Json>(
    [1, { exit: 1 }],
    [1, { stderr: "it \u001b[31mwent\u001b[0m wrong\n", exit: 2 }],
    [1, { stdout: "no JSON\t", stderr: "x", exit: 1 }],
    [1, { stdout: "null", exit: 1 }],
    [1, { signal: 9 }],
    [1, { stdout: '{"code": 4}', signal: 15 }],
  ),
);

export function addAnswer(own: string): Values {
  return fc.oneof(
    { weight: 12, arbitrary: result(own).map((one) => ({ stdout: written(one) })) },
    {
      weight: 1,
      arbitrary: pick<Json>(
        [1, { stdout: "" }],
        [1, { stdout: "[]" }],
        [1, { stdout: "null" }],
        [1, { stdout: '{"ips": [' }],
        [1, { stdout: '{"CNIVersion":"1.0.0"}' }],
      ),
    },
    { weight: 2, arbitrary: failure },
  );
}
