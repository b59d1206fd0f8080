/** ADD and DEL of tuning over the fake host, their state files in a temporary directory. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EBUSY, EINVAL, ENODEV, ENOMEM } from "../../../../src/base/errno.ts";
import { formatMac, type Mac, parseMac } from "../../../../src/base/mac.ts";
import { add } from "../../../../src/plugins/tuning/add.ts";
import { check } from "../../../../src/plugins/tuning/check.ts";
import { del } from "../../../../src/plugins/tuning/del.ts";
import { gc } from "../../../../src/plugins/tuning/gc.ts";
import { IFF_ALLMULTI, IFF_PROMISC } from "../../../../src/rtnl/link.ts";
import { type Cues, type FakeHost, fakeHost } from "../../../support/fakehost.ts";
import { refusal } from "../../../support/refusal.ts";
import { callWith } from "./call.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "berth-tuning-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const OLD = "02:00:00:00:00:09";
const NEW = "02:00:00:00:00:01";
const SYSCTLS = { "net.ipv4.conf.IFNAME.arp_filter": "1", "net.core.somaxconn": "5" };
const ALL = { mac: NEW, promisc: true, mtu: 1400, allmulti: true, txQLen: 500, sysctl: SYSCTLS };
const prevResult = { cniVersion: "1.1.0", interfaces: [{ name: "eth0", mac: OLD, sandbox: "/run/netns/ctr" }] };

const conf = (over: object = {}) => ({ dataDir: join(dir, "state"), prevResult, ...over });
const files = () => (existsSync(join(dir, "state")) ? readdirSync(join(dir, "state")) : []);
const STATE = "c1_eth0.json";

function hostWith(cues: Cues = {}, over = {}): FakeHost {
  const host = fakeHost(cues);
  host.put({ name: "eth0", kind: "veth", mac: parseMac(OLD) as Mac, ...over }, "inside");
  return host;
}

const seen = (host: FakeHost) => {
  const link = host.innerLink("eth0");
  if (!link) return undefined;
  const { mac, mtu, txqlen, flags } = link;
  return { mac: formatMac(mac), mtu, txqlen, promisc: (flags & IFF_PROMISC) > 0, allmulti: (flags & IFF_ALLMULTI) > 0 };
};
const BEFORE = { mac: OLD, mtu: 1500, txqlen: 1000, promisc: false, allmulti: false };

describe("add()", () => {
  test("sets all that is configured, notes what was, and says the new MAC address", () => {
    const host = hostWith();
    const { result } = add(callWith(conf(ALL)), host);
    expect(seen(host)).toEqual({ mac: NEW, mtu: 1400, txqlen: 500, promisc: true, allmulti: true });
    expect(host.log).toEqual([
      "ctr: sysctl net/ipv4/conf/eth0/arp_filter=1",
      "ctr: sysctl net/core/somaxconn=5",
      "ctr: ip link set eth0 address 02:00:00:00:00:01",
      "ctr: ip link set eth0 promisc on",
      "ctr: ip link set eth0 mtu 1400",
      "ctr: ip link set eth0 allmulticast on",
      "ctr: ip link set eth0 txqueuelen 500",
    ]);
    const text = readFileSync(join(dir, "state", STATE), "latin1");
    expect(text).toBe(
      `{\n "mac": "${OLD}",\n "promisc": false,\n "mtu": 1500,\n "allmulti": false,\n "txQLen": 1000\n}`,
    );
    expect([statSync(join(dir, "state", STATE)).mode & 0o777, result.interfaces[0]?.mac]).toEqual([0o600, NEW]);
  });

  test("without a key for the interface leaves no file, and does not look at it", () => {
    const host = fakeHost();
    const { result } = add(callWith(conf({ promisc: false, mtu: 0, sysctl: { "net.a": "1" } })), host);
    expect([files(), host.log, result.interfaces[0]?.mac]).toEqual([[], ["ctr: sysctl net/a=1"], OLD]);
  });

  const EFFECTS = 7;
  test.each(Array.from({ length: EFFECTS }, (_, at) => at))("leaves all as it was when effect %i is refused", (at) => {
    const host = hostWith({ refuses: (_, index) => (index === at ? EINVAL : undefined) });
    refusal(() => add(callWith(conf(ALL)), host));
    expect([seen(host), files()]).toEqual([BEFORE, []]);
    expect(host.openSandbox("").enter((all) => all.read("net/core/somaxconn"))).toBe("0");
  });

  test.each(Array.from({ length: EFFECTS }, (_, at) => at))("and when a SIGTERM comes at effect %i", (at) => {
    const host = hostWith({ interrupts: (_, index) => index === at });
    expect(() => add(callWith(conf(ALL)), host)).toThrow("SIGTERM");
    expect([seen(host), files()]).toEqual([BEFORE, []]);
  });

  test("rolls back, and puts the state file of an earlier ADD back", () => {
    mkdirSync(join(dir, "state"));
    writeFileSync(join(dir, "state", STATE), "earlier");
    const host = hostWith();
    add(callWith(conf(ALL)), host).rollback?.();
    expect([seen(host), readFileSync(join(dir, "state", STATE), "latin1")]).toEqual([BEFORE, "earlier"]);
  });

  test.each([
    ["has no such interface", fakeHost, conf({ mtu: 1400 }), 999, 'failed to get "eth0"'],
    ["has no prevResult", hostWith, conf({ prevResult: null }), 7, "Required prevResult missing"],
    ["has another version's", hostWith, conf({ prevResult: { cniVersion: "0.4.0" } }), 1, "prevResult"],
  ] as const)("refuses a call that %s, before it does anything", (_, make, config, code, words) => {
    const host = make();
    const { code: is, message } = refusal(() => add(callWith(config), host));
    expect([is, message, host.log, files()]).toEqual([code, expect.stringContaining(words), [], []]);
  });

  test("says what cannot be written, and why", () => {
    writeFileSync(join(dir, "file"), "");
    const host = hostWith();
    const { code, message } = refusal(() => add(callWith(conf({ ...ALL, dataDir: join(dir, "file") })), host));
    expect([code, message]).toEqual([5, expect.stringContaining(join(dir, "file", STATE))]);
    expect(seen(host)).toEqual(BEFORE);
  });
});

describe("del()", () => {
  test("puts the interface back and removes the file, again and again, without prevResult", () => {
    const host = hostWith();
    add(callWith(conf(ALL)), host);
    const done = host.log.length;
    for (let again = 0; again < 2; again++) del(callWith({ dataDir: join(dir, "state") }), host);
    expect([seen(host), files(), host.log.length]).toEqual([BEFORE, [], done + 5]);
  });

  test.each([
    ["is gone", fakeHost({ refuses: () => ENODEV }), "eth0"],
    ["has no namespace any more", { ...fakeHost(), openSandboxIfThere: () => undefined }, "eth0"],
  ])("removes the file of an interface that %s", (_, host) => {
    add(callWith(conf(ALL)), hostWith());
    del(callWith(conf()), host as FakeHost);
    expect(files()).toEqual([]);
  });

  test.each(["", "{", "null", '{"mtu": "x"}'])("removes a file that a killed ADD left: %p", (text) => {
    mkdirSync(join(dir, "state"));
    writeFileSync(join(dir, "state", STATE), text);
    const host = hostWith();
    del(callWith(conf()), host);
    expect([seen(host), files(), host.log]).toEqual([BEFORE, [], []]);
  });

  test("tells what the device refuses, and keeps the file for what a retry may mend", () => {
    const lines: string[] = [];
    const refusing = (errno: number) => ({ refuses: (text: string) => (/ mtu /.test(text) ? errno : undefined) });
    add(callWith(conf(ALL)), hostWith());
    expect(() => del(callWith(conf()), hostWith(refusing(ENOMEM)))).toThrow("mtu 1500");
    expect(files()).toEqual([STATE]);
    del(callWith(conf(), { warn: (line) => void lines.push(line) }), hostWith(refusing(EBUSY)));
    expect([files(), lines]).toEqual([
      [],
      [expect.stringContaining("could not put eth0 back: ip link set eth0 mtu 1500")],
    ]);
  });

  test("needs of the configuration nothing but dataDir", () => {
    add(callWith(conf(ALL)), hostWith());
    del(callWith({ dataDir: join(dir, "state"), mtu: "wide", sysctl: 5, args: 1 }), hostWith());
    expect(files()).toEqual([]);
  });
});

describe("check()", () => {
  const checked = (host: FakeHost, over: object) => () => check(callWith(conf(over)), host);

  test("passes after the ADD, however values are written", () => {
    const host = hostWith();
    const range = { sysctl: { "net.ipv4.ping_group_range": "0 7" }, mac: "02-00-00-00-00-0A" };
    add(callWith(conf({ ...ALL, ...range })), host);
    host.openSandbox("").enter((all) => all.put("net/ipv4/ping_group_range", "0\t7"));
    checked(host, { ...ALL, ...range })();
    checked(host, {})();
  });

  test.each([
    [{ mac: NEW }, `Error: Tuning configured Ethernet of eth0 is ${NEW}, current value is ${OLD}`],
    [{ mtu: 1400 }, "Error: Tuning configured MTU of eth0 is 1400, current value is 1500"],
    [{ promisc: true }, "Error: Tuning configured promiscuous mode of eth0 is true, current value is false"],
    [{ allmulti: true }, "Error: Tuning configured all-multicast mode of eth0 is true, current value is false"],
    [{ txQLen: 5 }, "Error: Tuning configured Transmit Queue Length of eth0 is 5, current value is 1000"],
    [{ sysctl: { "net.a": "1" } }, "Error: Tuning configured value of /proc/sys/net/a is 1, current value is 0"],
  ])("fails where %j is not so", (over, message) => {
    expect(refusal(checked(hostWith(), over)).message).toBe(message);
  });

  test("compares promiscuous mode both ways, where it is configured", () => {
    const host = hostWith({}, { flags: IFF_PROMISC, promiscuity: 2 });
    checked(host, {})();
    expect(refusal(checked(host, { promisc: false })).message).toContain("is false, current value is true");
    checked(hostWith({}, { promiscuity: 1 }), { promisc: false })();
  });

  test("fails without prevResult, or without the interface", () => {
    expect(refusal(checked(hostWith(), { prevResult: null })).message).toBe("Required prevResult missing");
    expect(refusal(checked(fakeHost(), {})).message).toContain('failed to get "eth0"');
  });
});

describe("gc()", () => {
  const call = (over: object, name = "net") => ({ ...callWith(conf(over)), name });
  const valid = (...ifnames: string[]) => ({
    "cni.dev/valid-attachments": ifnames.map((ifname) => ({ containerID: "c1", ifname })),
  });

  test("removes the files of this network's attachments that are not valid, and no others", () => {
    add(callWith(conf({ mtu: 1400 })), hostWith());
    add({ ...callWith(conf({ mtu: 1400 }), { ifname: "eth1" }), name: "other" }, hostWith({}, { name: "eth1" }));
    add(callWith(conf({ mtu: 1400 }), { ifname: "eth2" }), hostWith({}, { name: "eth2" }));
    writeFileSync(join(dir, "state", "c9_eth0.json"), '{\n "mtu": 1500\n}');
    const all = files().sort();
    for (const unknown of [{}, { "cni.dev/valid-attachments": null }, valid("eth0", "eth2")]) gc(call(unknown));
    expect(files().sort()).toEqual(all);
    gc(call(valid("eth2")));
    expect(files().sort()).toEqual(["c1_eth1.json", "c1_eth2.json", "c9_eth0.json"]);
    gc(call(valid(), "other"));
    expect(files().sort()).toEqual(["c1_eth2.json", "c9_eth0.json"]);
  });

  test("of a directory that is not there does nothing, and refuses what it cannot understand", () => {
    gc(call(valid()));
    expect(refusal(() => gc(call({ "cni.dev/valid-attachments": 5 }))).code).toBe(6);
    expect(refusal(() => gc(call({ dataDir: 5 }))).code).toBe(6);
  });
});
