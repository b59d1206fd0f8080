import { describe, expect, test } from "bun:test";
import { REGISTRY } from "../../../src/registry.ts";
import { listSchema, nameOfType, SCHEMAS, schemaOf } from "../../../src/tool/schemas.ts";

describe("schemaOf", () => {
  test("has one of each plugin, also by the names that projects give it", () => {
    for (const { name } of REGISTRY) {
      expect(schemaOf(name)).toBe(SCHEMAS[name]);
      expect(schemaOf(`cnv-${name}`)).toBe(SCHEMAS[name]);
      expect(nameOfType(`buildkit-cni-${name}`)).toBe(name);
    }
  });

  test.each(["macvlan", "local", "mybridge", ""])("has none for %p", (type) => {
    expect(schemaOf(type)).toBeUndefined();
  });
});

describe("listSchema", () => {
  const list = { cniVersion: "1.0.0", name: "net", plugins: [{ type: "macvlan", master: "eth0" }] };
  const flawsOf = (keys: object) =>
    listSchema.safeParse({ ...list, ...keys }).error?.issues.map(({ path }) => path.join(".")) ?? [];

  test("takes what libcni takes", () => {
    expect(flawsOf({})).toEqual([]);
    expect(flawsOf({ cniVersions: ["0.4.0", "1.1.0"], disableCheck: true, disableGC: "False", foreign: 1 })).toEqual(
      [],
    );
    expect(flawsOf({ plugins: undefined })).toEqual([]);
  });

  test("refuses what libcni refuses", () => {
    expect(flawsOf({ name: undefined })).toEqual(["name"]);
    expect(flawsOf({ disableCheck: "yes", disableGC: 1 })).toEqual(["disableCheck", "disableGC"]);
    expect(flawsOf({ cniVersions: "1.0.0", plugins: [] })).toEqual(["cniVersions", "plugins"]);
    expect(flawsOf({ plugins: [{ master: "eth0" }, { type: "" }] })).toEqual(["plugins.0.type", "plugins.1.type"]);
    expect(flawsOf({ plugins: [{ type: "x", capabilities: { ips: "yes" } }] })).toEqual(["plugins.0.capabilities.ips"]);
  });
});
