import { describe, expect, test } from "bun:test";
import { readHead, readNetConf } from "../../../src/spec/config.ts";
import { assertLimits } from "../../../src/spec/limits.ts";
import { refusal, refusalOf } from "../../support/refusal.ts";

describe("readHead()", () => {
  test("gives the object, its name and version", () => {
    const request = readHead('{"name": "net", "cniVersion": "1.0.0", "x": 1}');
    expect(request).toEqual({ config: { name: "net", cniVersion: "1.0.0", x: 1 }, name: "net", cniVersion: "1.0.0" });
  });

  test.each(['{"name": "net"}', '{"name": "net", "cniVersion": ""}', '{"NAME": "net", "cniVersion": null}'])(
    "takes %s as version 0.1.0",
    (stdin) => {
      expect(readHead(stdin)).toMatchObject({ name: "net", cniVersion: "0.1.0" });
    },
  );

  test.each(["", " \n", "{", "[]", "null", '"x"', '{"name": 5}', '{"name": "a", "cniVersion": 1}'])(
    "refuses %p as no configuration",
    (stdin) => {
      const error = refusal(() => readHead(stdin));
      expect(error.code).toBe(6);
      expect(error.message).toStartWith("error unmarshall network config: ");
      expect(error.details).not.toBe("");
    },
  );

  test.each(["{}", '{"name": ""}', '{"name": null}'])("refuses %s, which has no name", (stdin) => {
    expect(refusalOf(() => readHead(stdin))).toEqual([7, "missing network name"]);
  });

  test.each(["../x", "a/b", ".a", "a b", "é", "a\n"])("refuses the name %p", (name) => {
    const error = refusal(() => readHead(JSON.stringify({ name })));
    expect([error.code, error.message, error.details]).toEqual([7, "invalid characters found in network name", name]);
  });
});

describe("readNetConf()", () => {
  test("gives defaults for what is absent", () => {
    expect(readNetConf({ name: "a" })).toEqual({ dns: {}, runtimeConfig: {}, argsCni: {} });
  });

  test("gives the shared keys", () => {
    const config = {
      type: "bridge",
      ipam: { type: "host-local", subnet: 5 },
      DNS: { nameservers: ["1.1.1.1"], search: [] },
      runtimeConfig: { mac: null },
      args: { cni: { ips: [] }, labels: 1 },
      prevResult: { ips: "anything" },
    };
    expect(readNetConf(config)).toEqual({
      type: "bridge",
      ipamType: "host-local",
      dns: { nameservers: ["1.1.1.1"], search: [] },
      runtimeConfig: { mac: null },
      argsCni: { ips: [] },
      prevResult: { ips: "anything" },
    });
  });

  test.each([{}, { type: "" }, null])("finds no IPAM plugin in %p", (ipam) => {
    expect(readNetConf({ ipam }).ipamType).toBeUndefined();
  });

  test.each(["../host-local", "/bin/sh", "..", "."])("refuses the IPAM plugin %p", (type) => {
    expect(refusalOf(() => readNetConf({ ipam: { type } }))).toEqual([7, `invalid plugin name: ${type}`]);
  });

  test.each([
    [{}, undefined],
    [{ "cni.dev/valid-attachments": null }, null],
    [{ "cni.dev/valid-attachments": [] }, []],
    [{ "cni.dev/attachments": [{ containerID: "c", ifname: "eth0" }] }, [{ containerId: "c", ifname: "eth0" }]],
    [{ "cni.dev/valid-attachments": [], "cni.dev/attachments": [{ containerID: "c" }] }, []],
    [{ "cni.dev/valid-attachments": null, "cni.dev/attachments": null }, null],
  ])("tells absent, null and empty attachments apart: %j", (config, expected) => {
    expect(readNetConf(config).validAttachments).toEqual(expected);
  });

  test.each([
    [{ capabilities: { mac: "yes" } }, 'capabilities.mac: "yes" is not true or false'],
    [{ ipam: "host-local" }, 'ipam: "host-local" is not an object'],
    [{ dns: { nameservers: [1] } }, "dns.nameservers[0]: 1 is not a string"],
    [{ prevResult: [] }, "prevResult: [] is not an object"],
    [
      { "cni.dev/valid-attachments": [{ containerID: 1 }] },
      "cni.dev/valid-attachments[0].containerID: 1 is not a string",
    ],
  ])("refuses %j", (config, message) => {
    expect(refusalOf(() => readNetConf(config))).toEqual([6, message]);
  });
});

describe("assertLimits()", () => {
  test("takes names up to the limits", () => {
    expect(() => assertLimits("n".repeat(255), "c".repeat(1024))).not.toThrow();
  });

  test("names the length that is too much", () => {
    const message = "network name is too long: 256 characters, at most 255 are possible";
    expect(refusalOf(() => assertLimits("n".repeat(256), "c"))).toEqual([7, message]);
    const id = "containerID is too long: 1025 characters, at most 1024 are possible";
    expect(refusalOf(() => assertLimits("n", "c".repeat(1025)))).toEqual([4, id]);
  });
});
