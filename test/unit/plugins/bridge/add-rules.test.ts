/** When the rules that only some networks ask for are made and taken back, over the fake host. */
import { afterAll, expect, test } from "bun:test";
import { EACCES, EIO } from "../../../../src/base/errno.ts";
import { add } from "../../../../src/plugins/bridge/add.ts";
import { readRemains } from "../../../../src/plugins/bridge/config.ts";
import type { OwnedLease } from "../../../../src/spec/delegate.ts";
import { del } from "../../../../src/veth/del.ts";
import { executables } from "../../../support/executables.ts";
import { type Cues, fakeHost } from "../../../support/fakehost.ts";
import { fakePlugin, ONE_ADDRESS } from "../../../support/plugin-fake.ts";
import { refusal } from "../../../support/refusal.ts";
import { bridgeCall } from "./call.ts";

const path = executables();
path.self("ipam");
afterAll(() => path[Symbol.dispose]());

const WATCHED = { macspoofchk: true, ipMasq: true, ipMasqBackend: "iptables", ipam: { type: "ipam" } };

const RULES = /spoof-check|iptables|masquerade/;

/** What an ADD, and with leases a DEL, does about rules and links; the container's name is v. */
function effects(
  verb: "ADD" | "DEL",
  conf: Record<string, unknown>,
  { cues = {}, leases = [] }: { cues?: Cues; leases?: OwnedLease[] } = {},
) {
  const host = fakeHost(cues);
  const ipam = fakePlugin({ name: "ipam", ADD: () => ({ result: ONE_ADDRESS }), leases: () => leases });
  const delegates = [ipam];
  const call = bridgeCall({ verb, conf, env: { CNI_PATH: path.dir }, delegates });
  try {
    if (verb === "ADD") add(call, host);
    else del(call, host, readRemains(call.config));
  } catch {
    // Of interest is what was done.
  }
  const told = host.log.filter(
    (line) => RULES.test(line) || /link (add|del) .*veth|set \S+ (alias \S+ )?up/.test(line),
  );
  return told.map((line) =>
    line
      .replace(/veth[0-9a-f]{8}/g, "v")
      .replace(/ net\/c1\/eth0/, "")
      .replace(/ (address|master|type) .*/, ""),
  );
}

test("add() has the port watched before anything is up, and the rules of the backend that was asked for", () => {
  const log = effects("ADD", WATCHED);
  expect(log.filter((line) => !/set (\d+|br0|eth0) up/.test(line))).toEqual([
    "host: ip link add v",
    "spoof-check add v",
    "host: ip link set v alias berth:net/c1/eth0 up",
    "iptables add",
  ]);
  expect(log.findIndex((line) => line.startsWith("ctr:"))).toBeGreaterThan(log.indexOf("spoof-check add v"));
});

test.each([
  ["macspoofchk", { macspoofchk: true }, "s"],
  ["iptables", { ipMasq: true, ipMasqBackend: "iptables" }, "i"],
  ["iptables without ipMasq", { ipMasqBackend: "iptables", macspoofchk: true }, "s"],
  ["both", WATCHED, "si"],
  ["neither", { ipMasq: true }, undefined],
])("add() tells IPAM of the rules it made: %s", (_, conf, rules) => {
  const told: unknown[] = [];
  const ipam = fakePlugin({ name: "ipam", ADD: () => ({ result: ONE_ADDRESS, attached: (link) => told.push(link) }) });
  const all = { ...conf, ipam: { type: "ipam" } };
  const delegates = [ipam];
  add(bridgeCall({ verb: "ADD", conf: all, env: { CNI_PATH: path.dir }, delegates }), fakeHost());
  expect(told).toMatchObject([{ sandboxCookie: "2", rules }]);
});

test("add() takes both back when the port does not come up", () => {
  const refuses = (text: string) => (/^host: ip link set veth\w+ .*up/.test(text) ? EIO : undefined);
  expect(effects("ADD", WATCHED, { cues: { refuses } }).slice(-2)).toEqual([
    "spoof-check remove",
    "host: ip link del v",
  ]);
  const late = (text: string) => (text.startsWith("iptables add") ? EIO : undefined);
  expect(effects("ADD", WATCHED, { cues: { refuses: late } }).slice(-3)).toEqual([
    "iptables remove",
    "spoof-check remove",
    "host: ip link del v",
  ]);
});

const lease = (ours: boolean, more: Partial<OwnedLease> = { link: { name: "v", index: 9 } }): OwnedLease => ({
  address: Uint8Array.of(10, 1, 2, 3),
  ours,
  ...more,
});
const PLAIN = { ipMasq: false, ipam: { type: "ipam" } };

test.each([
  ["nothing without a lease", { ...WATCHED, macspoofchk: false }, [], []],
  ["the watch without a lease too, which tells nothing of it in layer 2", WATCHED, [], ["spoof-check remove"]],
  ["the plain rules of its own lease alone", PLAIN, [lease(true)], ["masquerade remove"]],
  [
    "what the reference may have made",
    PLAIN,
    [lease(false)],
    ["masquerade remove", "iptables remove", "spoof-check remove"],
  ],
  [
    "the watch that the lease tells of",
    PLAIN,
    [lease(true), lease(true, { link: { name: "v", index: 9 }, rules: "s" })],
    ["masquerade remove", "spoof-check remove"],
  ],
  [
    "the backend that the lease tells of, and is at ease with kinds that it does not know",
    PLAIN,
    [lease(true, { link: { name: "v", index: 9 }, rules: "xi" })],
    ["masquerade remove", "iptables remove"],
  ],
  [
    "all that an ADD may have made that did not come to naming the link",
    PLAIN,
    [lease(true, {})],
    ["masquerade remove", "iptables remove", "spoof-check remove"],
  ],
  ["what is configured", WATCHED, [lease(true)], ["masquerade remove", "iptables remove", "spoof-check remove"]],
  [
    "what another backend made when the configured one has nothing",
    { ...PLAIN, ipMasq: true },
    [lease(true)],
    ["masquerade remove", "iptables remove"],
  ],
  ["the watch of layer 2, which has no lease", { macspoofchk: true }, [], ["spoof-check remove"]],
])("del() looks for %s", (_, conf, leases, expected) => {
  expect(effects("DEL", conf, { leases }).filter((line) => RULES.test(line))).toEqual(expected);
});

/** With iptables' tables closed to the plugin: file capabilities are not root. */
function delWithoutLooking(conf: Record<string, unknown>, held: OwnedLease) {
  const host = fakeHost({ refuses: (text) => (text.startsWith("iptables remove") ? EACCES : undefined) });
  const deleted: string[] = [];
  const warnings: string[] = [];
  const ipam = fakePlugin({ name: "ipam", leases: () => [held], DEL: ({ name }) => void deleted.push(name) });
  const call = bridgeCall({ verb: "DEL", conf, env: { CNI_PATH: path.dir }, delegates: [ipam] });
  const run = () => del({ ...call, warn: (line) => void warnings.push(line) }, host, readRemains(call.config));
  return { run, deleted, warnings };
}

test.each([
  ["nothing found", { ...PLAIN, ipMasq: true }, lease(true)],
  ["the reference's lease", PLAIN, lease(false)],
])("del() who may not look for rules that only root makes goes on, and says so: %s", (_, conf, held) => {
  const { run, deleted, warnings } = delWithoutLooking(conf, held);
  run();
  expect([deleted, warnings]).toEqual([["net"], [expect.stringContaining("old iptables")]]);
});

test.each([
  ["the lease tells of them", PLAIN, lease(true, { link: { name: "v", index: 9 }, rules: "i" })],
  ["they are configured", WATCHED, lease(true)],
])("del() who may not look keeps the lease where there are rules: %s", (_, conf, held) => {
  const { run, deleted } = delWithoutLooking(conf, held);
  const { message, details } = refusal(run);
  expect(message).toContain("permission denied");
  expect(details).toStartWith("only root may see and remove the rules");
  expect(deleted).toEqual([]);
});
