import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseArgs } from "../../../src/spec/args.ts";
import { readHead, readNetConf } from "../../../src/spec/config.ts";
import { CniError } from "../../../src/spec/errors.ts";
import { parsePrevResult, parseResult } from "../../../src/spec/result-parse.ts";
import { renderResult } from "../../../src/spec/result-render.ts";
import { VERSIONS } from "../../../src/spec/versions.ts";

/** What `fn` gives, or undefined when it refuses; anything thrown that is no CniError fails the test. */
function answer<T>(fn: () => T): T | undefined {
  try {
    return fn();
  } catch (error) {
    expect(error).toBeInstanceOf(CniError);
    return undefined;
  }
}

const version = fc.constantFrom(...VERSIONS);
const texts = fc.constantFrom(
  "",
  "10.1.2.3/24",
  "10.1.2.1",
  "2001:db8::1/64",
  "fe80::1",
  "eth0",
  "1.0.0",
  "0.2.0",
  "10.0.0.0/33",
);
const leaf = fc.oneof(texts, fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
const keys = fc.constantFrom(
  ..."cniVersion name type ipam dns ips interfaces routes address gateway dst gw ip4 ip6 ip prevResult args cni table".split(
    " ",
  ),
  ..."__proto__ constructor CNIVERSION cni.dev/valid-attachments runtimeConfig interface nameservers domain".split(" "),
);
/** JSON of the names and texts that configurations and results are made of, in any arrangement. */
const { json } = fc.letrec((tie) => ({
  json: fc.oneof({ maxDepth: 5 }, leaf, fc.array(tie("json"), { maxLength: 3 }), tie("object")),
  object: fc
    .array(fc.tuple(keys, tie("json")), { maxLength: 6 })
    .map((members) => JSON.parse(`{${members.map(([key, value]) => `"${key}":${JSON.stringify(value)}`).join()}}`)),
}));

test("readHead() and readNetConf() refuse whatever they do not understand with a CniError", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        json.map((value) => JSON.stringify(value)),
        fc.string(),
      ),
      (stdin) => {
        const request = answer(() => readHead(stdin));
        if (request) answer(() => readNetConf(request.config));
      },
    ),
    { numRuns: 2000 },
  );
});

test("a result that parseResult() or parsePrevResult() takes renders, and renders the same again", () => {
  fc.assert(
    fc.property(json, version, version, (value, given, wanted) => {
      answer(() => parsePrevResult(value, given));
      const result = answer(() => parseResult(value, given));
      const rendered = result && answer(() => renderResult(result, wanted));
      if (rendered) expect(renderResult(parseResult(JSON.parse(rendered), "1.1.0"), wanted)).toBe(rendered);
    }),
    { numRuns: 3000 },
  );
});

test("parseArgs() refuses whatever it does not understand with a CniError", () => {
  const part = fc.constantFrom("IP", "=", ";", "IgnoreUnknown", "1", "x", "K8S_POD_NAME");
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const args = answer(() => parseArgs(parts.join(""), ["IP"]));
      for (const key of args?.keys() ?? []) expect(key).toBe("IP");
    }),
    { numRuns: 2000 },
  );
});
