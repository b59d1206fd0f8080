import { expect, test } from "bun:test";
import { Explained } from "../../../src/base/explained.ts";
import { defaultConfig, readConfig } from "../../../src/service/config.ts";

function refusal(text: string): Explained {
  try {
    readConfig(text, "/etc/berth/berthd.json");
  } catch (error) {
    if (error instanceof Explained) return error;
    throw error;
  }
  throw new Error("was accepted");
}

test("every key may be absent", () => {
  expect(readConfig("{}", "f")).toEqual(defaultConfig());
  expect(defaultConfig()).toMatchObject({ files: "/etc/berth/services.d", socket: "/run/berth/berthd.sock" });
});

test("a refusal names file, key and value, and says what keys there are", () => {
  expect(refusal('{"fiels": "/d", "node": ""}').message).toBe(
    '/etc/berth/berthd.json: node: "": Too small: expected string to have >=1 characters\n/etc/berth/berthd.json: "fiels": no such key',
  );
  expect(refusal('{"containers": ["10.1.0.0"]}').message).toBe(
    '/etc/berth/berthd.json: containers[0]: "10.1.0.0": expected a network such as 10.0.0.0/8',
  );
  expect(refusal('{"serviceCIDRs": ["10.96.0.0/12", "fd96::"]}').message).toBe(
    '/etc/berth/berthd.json: serviceCIDRs[1]: "fd96::": expected a network such as 10.0.0.0/8',
  );
  expect(refusal('{"files": "d"}').message).toContain('files: "d": expected an absolute path');
  expect(refusal('{"a": 1}').details).toStartWith(
    "keys are node, zone, containers, serviceCIDRs, masqueradeAll, files, cni, readinessProbes, socket",
  );
  const probes = { "default/web": { httpGet: { port: 80, path: "x", paht: "/" } }, web: { tcpSocket: { port: 1 } } };
  const { message } = refusal(JSON.stringify({ readinessProbes: probes }));
  expect(message.split("\n")).toEqual([
    '/etc/berth/berthd.json: readinessProbes["default/web"].httpGet.path: "x": expected a path that begins with /',
    '/etc/berth/berthd.json: readinessProbes["default/web"].httpGet: "paht": no such key',
    expect.stringMatching(/readinessProbes\.web: .*: expected the NAMESPACE\/NAME of a service as the key$/),
  ]);
  expect(refusal("{").message).toStartWith("/etc/berth/berthd.json is not JSON: ");
});

test("addresses to listen at", () => {
  const { healthzBindAddress, metricsBindAddress } = readConfig(
    '{"healthzBindAddress": "127.0.0.1:10256", "metricsBindAddress": "[::1]:10249"}',
    "f",
  );
  expect(healthzBindAddress).toEqual({ hostname: "127.0.0.1", port: 10_256 });
  expect(metricsBindAddress).toEqual({ hostname: "::1", port: 10_249 });
  for (const text of ["10256", "localhost:10256", "127.0.0.1:0", "127.0.0.1:65536", "::1:10249", "[127.0.0.1]:1"])
    expect(refusal(JSON.stringify({ metricsBindAddress: text })).message).toContain("expected ADDRESS:PORT");
});
