import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { refusal } from "../../../support/refusal.ts";
import { type CallOptions, type Network, network } from "./network.ts";

describe("status() is ready", () => {
  test("with an unused network, and makes nothing", () => {
    using net = network();
    net.status();
    expect(net.files()).toEqual({});
  });

  test("with a pool that is full: a DEL makes room", () => {
    using net = network({ ranges: [[{ subnet: "10.1.2.0/30" }]] });
    net.add("a");
    expect(refusal(() => net.add("b")).message).toContain("no IP addresses available");
    net.status();
    expect(net.warnings).toEqual([]);
  });

  test.each<[string, CallOptions]>([
    ["ranges", { conf: { capabilities: { ipRanges: true } } }],
    [
      "ranges, where the list is empty",
      { ipam: { ranges: [] }, conf: { capabilities: { ipRanges: true, ips: true } } },
    ],
    ["addresses", { ipam: { subnet: "10.1.2.0/24" }, conf: { capabilities: { ips: true } } }],
  ])("without the %s that a runtime gives with each container", (_, options) => {
    using net = network({});
    net.status(options);
    net.add("a", { ...options, conf: { ...options.conf, runtimeConfig: { ipRanges: [[{ subnet: "10.1.9.0/24" }]] } } });
  });
});

describe("status() refuses what ADD refuses", () => {
  test.each<[string, CallOptions, string]>([
    ["without ranges", { ipam: { ranges: [] } }, "no IP ranges specified"],
    [
      "with the capability switched off",
      { ipam: { ranges: [] }, conf: { capabilities: { ipRanges: false } } },
      "no IP ranges",
    ],
    [
      "with a wrong range beside the capability",
      { ipam: { ranges: [[{ subnet: "10.1.2.1/24" }]] }, conf: { capabilities: { ipRanges: true } } },
      "host bits set",
    ],
    ["with a wrong address asked for", { conf: { args: { cni: { ips: ["x"] } } } }, "args.cni.ips"],
    [
      "with a gateway of elsewhere",
      { ipam: { ranges: [[{ subnet: "10.1.2.0/24", gateway: "10.1.3.1" }]] } },
      "gateway",
    ],
  ])("in a configuration %s", (_, options, text) => {
    using net = network();
    const error = refusal(() => net.status(options));
    expect([error.code, error.message]).toEqual([7, expect.stringContaining(text) as unknown as string]);
    expect(refusal(() => net.add("a", options)).message).toBe(error.message);
  });

  test.each<[string, (net: Network) => void]>([
    ["a dataDir that is a file", (net) => writeFileSync(net.dataDir, "")],
    ["a file under the network's name", (net) => writeFileSync(net.dir, "")],
    [
      "a lock that is a link",
      (net) => {
        mkdirSync(net.dir);
        symlinkSync("/nowhere", net.path("lock"));
      },
    ],
  ])("for %s, until that is cured", (what, spoil) => {
    using net = network();
    if (!what.startsWith("a dataDir")) mkdirSync(net.dataDir);
    spoil(net);
    const error = refusal(() => net.status());
    expect([error.code, error.details]).toEqual([50, expect.stringContaining(net.dataDir) as unknown as string]);
    expect(error.message).toStartWith("host-local: no address can be leased: ");
    expect(refusal(() => net.add("a")).code).toBe(5);
    rmSync(net.dataDir, { recursive: true });
    net.status();
  });

  test.skipIf(process.getuid?.() === 0)("for a directory without permission to write", () => {
    using net = network();
    net.add("a");
    chmodSync(net.dir, 0o500);
    expect(refusal(() => net.status()).code).toBe(50);
  });
});
