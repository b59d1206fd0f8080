/** The JSON Schemas that editors are given: conf/schemas has them, and another's validator reads them as they are meant. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileOf, jsonSchemaOf, SUBJECTS, type Subject } from "../../../src/tool/json-schema.ts";
import { can, needs } from "../../support/needs.ts";

const CONF = join(import.meta.dir, "../../../conf");
const SCHEMAS = join(CONF, "schemas");
const FILES = readdirSync(CONF).filter((name) => /\.(conf|conflist)$/.test(name));

const read = (path: string) => JSON.parse(readFileSync(path, "utf8"));

describe("conf/", () => {
  test("has the schemas as `berth schema --dir conf/schemas` writes them", () => {
    expect(readdirSync(SCHEMAS).sort()).toEqual(SUBJECTS.map(fileOf).sort());
    for (const subject of SUBJECTS) expect(read(join(SCHEMAS, fileOf(subject)))).toEqual(jsonSchemaOf(subject));
  });

  test.each(FILES)("%s says where its schema is", (file) => {
    expect(existsSync(join(CONF, read(join(CONF, file)).$schema))).toBeTrue();
  });
});

/** Reads schemas by subject, and [subject, document] pairs; prints for each pair where the document is wrong. */
const VALIDATOR = `
import json, sys
from jsonschema import Draft202012Validator
schemas, pairs = json.load(sys.stdin)
for schema in schemas.values(): Draft202012Validator.check_schema(schema)
errors = lambda subject, document: Draft202012Validator(schemas[subject]).iter_errors(document)
print(json.dumps([sorted({".".join(map(str, e.absolute_path)) for e in errors(*pair)}) for pair in pairs]))
`;

function wrongPlaces(pairs: readonly (readonly [Subject, unknown])[]): string[][] {
  const schemas = Object.fromEntries(SUBJECTS.map((subject) => [subject, jsonSchemaOf(subject)]));
  const stdin = Buffer.from(JSON.stringify([schemas, pairs]));
  const { stdout, stderr } = Bun.spawnSync(["python3", "-c", VALIDATOR], { stdin });
  expect(stderr.toString()).toBe("");
  return JSON.parse(stdout.toString());
}

const list = (...plugins: object[]) => ({ cniVersion: "1.0.0", name: "net", plugins });
const pool = { type: "host-local", ranges: [[{ subnet: "10.1.0.0/24" }]] };
const badPool = { type: "host-local", ranges: [[{ subnet: "10.1.0.0/33" }]] };

type Case = [name: string, subject: Subject, document: unknown, places: string[]];

const CASES: Case[] = [
  ["a list with nothing wrong", "list", list({ type: "bridge", mtu: 1500, ipam: pool }, { type: "portmap" }), []],
  ["a plugin's key", "list", list({ type: "bridge", mtu: "1500" }), ["plugins.0.mtu"]],
  ["a plugin under a project's name", "list", list({ type: "cnv-bridge", vlan: 5000 }), ["plugins.0.vlan"]],
  ["the pool of a bridge", "list", list({ type: "bridge", ipam: badPool }), ["plugins.0.ipam.ranges.0.0.subnet"]],
  ["another's plugin", "list", list({ type: "macvlan", mtu: "any", vlan: [] }), []],
  ["its pool", "list", list({ type: "macvlan", ipam: badPool }), ["plugins.0.ipam.ranges.0.0.subnet"]],
  ["another's IPAM plugin", "list", list({ type: "ptp", ipam: { type: "dhcp", ranges: 1 } }), []],
  [
    "addresses of static",
    "list",
    list({ type: "ptp", ipam: { type: "static", addresses: [{}] } }),
    ["plugins.0.ipam.addresses.0"],
  ],
  ["no type", "list", list({ mtu: "1500" }), ["plugins.0"]],
  ["no name, an unknown version", "list", { cniVersion: "2.0.0", plugins: [{ type: "x" }] }, ["", "cniVersion"]],
  ["words for booleans", "list", { ...list({ type: "x" }), disableCheck: "TRUE", disableGC: "no" }, ["disableGC"]],
  ["capabilities", "list", list({ type: "x", capabilities: { ips: 1 } }), ["plugins.0.capabilities.ips"]],
  ["keys nobody knows", "list", { ...list({ type: "bridge", foreign: 1, ipam: { ...pool, x: 1 } }), $schema: "x" }, []],
  [
    "a single plugin",
    "bridge",
    { name: "net", type: "bridge", isGateway: "yes", ipam: badPool },
    ["ipam.ranges.0.0.subnet", "isGateway"],
  ],
  ["a single IPAM plugin", "static", { ipam: { type: "static", addresses: [{ address: "10.1.2.3/24" }] } }, []],
];

const subjectOf = ({ $schema }: { $schema: string }) => /([\w-]+)\.schema\.json$/.exec($schema)?.[1] as Subject;

needs(can("python3-jsonschema", "python3", "-c", "import jsonschema"))(
  "jsonSchemaOf: another's validator finds what is wrong, and nothing in conf/",
  () => {
    const documents = FILES.map((file) => read(join(CONF, file)));
    const files = FILES.map((file, index) => [file, subjectOf(documents[index]), documents[index], []] as Case);
    const cases = [...CASES, ...files];
    const found = wrongPlaces(cases.map(([, subject, document]) => [subject, document]));
    expect(cases.map(([name], index) => [name, found[index]])).toEqual(
      cases.map(([name, , , places]) => [name, places]),
    );
  },
);
