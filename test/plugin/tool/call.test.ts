/** `berth add`, check, del, gc and status: what cnitool does, and more. */
import { describe, expect } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { netnsPath } from "../../support/conf.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs, nftables } from "../../support/needs.ts";

const PORTS = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] };

/** A network "labnet" of bridge and portmap in the lab's net.d; `berth` runs as root of the lab's host. */
function prepare(lab: Lab, over: Record<string, unknown> = {}) {
  const { name, ...bridge } = lab.conf({ ipMasq: true });
  const list = {
    cniVersion: "1.1.0",
    name,
    plugins: [bridge, { type: "portmap", capabilities: { portMappings: true } }],
    ...over,
  };
  mkdirSync(join(lab.dir, "net.d"), { recursive: true });
  writeFileSync(join(lab.dir, "net.d", "10-lab.conflist"), JSON.stringify(list));
  const as =
    (program: string) =>
    (...words: string[]) =>
      lab.attempt(
        lab.host,
        "env",
        `NETCONFPATH=${join(lab.dir, "net.d")}`,
        `CNI_PATH=${lab.bin}`,
        `CAP_ARGS=${JSON.stringify(PORTS)}`,
        program,
        ...words,
        "--cache-dir",
        lab.dir,
      );
  return { berth: as(join(lab.bin, "berth")), as };
}

const idOf = (ns: string) => `cnitool-${createHash("sha512").update(netnsPath(ns)).digest("hex").slice(0, 20)}`;
/** Of eth0, which may not be there. */
const addresses = (lab: Lab, ns: string) =>
  lab.attempt(ns, "ip", "link", "show", "eth0").status === 0 ? lab.addrs(ns) : [];

const rules = (lab: Lab) => lab.sh(lab.host, "nft", "list", "ruleset");

describe("berth add, check and del", () => {
  needs(
    namespaces,
    built,
    nftables,
  )(
    "are cnitool's, by the name of a namespace too",
    inLab((lab) => {
      const { berth } = prepare(lab);
      const ns = lab.container();
      const { status, stdout } = berth("add", "labnet", ns);
      const [address] = lab.addrs(ns);
      expect([status, JSON.parse(stdout).ips[0].address]).toEqual([0, address]);
      expect(existsSync(join(lab.dir, "results", `labnet-${idOf(ns)}-eth0`))).toBe(true);
      expect(berth("check", "labnet", netnsPath(ns))).toMatchObject({ status: 0, stdout: "", stderr: "" });
      expect(berth("status", "labnet")).toMatchObject({ status: 0, stdout: "", stderr: "" });
      expect(berth("del", "labnet", netnsPath(ns))).toMatchObject({ status: 0, stdout: "", stderr: "" });
      expect([lab.leases(), addresses(lab, ns)]).toEqual([{}, []]);
    }),
  );

  needs(
    namespaces,
    built,
    nftables,
  )(
    "take back what a failing list did, and as cnitool leave it",
    inLab((lab) => {
      const { berth, as } = prepare(lab, {
        plugins: [lab.conf({ ipMasq: true }), { type: "tuning", sysctl: { "net.no.such": "1" } }],
      });
      const ns = lab.container();
      const failed = berth("add", "labnet", ns);
      expect(failed).toMatchObject({
        status: 1,
        stdout: "",
        stderr: expect.stringContaining('plugin type="tuning" failed (add)'),
      });
      expect([lab.leases(), addresses(lab, ns)]).toEqual([{}, []]);
      const asJson = berth("add", "labnet", ns, "-o", "json");
      expect(JSON.parse(asJson.stdout)).toMatchObject({
        plugin: "tuning",
        msg: expect.stringContaining("net.no.such"),
      });
      symlinkSync(join(lab.bin, "berth"), join(lab.dir, "cnitool"));
      expect(as(join(lab.dir, "cnitool"))("add", "labnet", netnsPath(ns)).status).toBe(1);
      expect(lab.addrs(ns)).toHaveLength(1);
      expect(berth("del", "labnet", ns).status).toBe(0);
    }),
  );

  needs(namespaces, built)(
    "say what is wrong with the command line, and do nothing",
    inLab((lab) => {
      const { berth } = prepare(lab);
      const said = (...words: string[]) => [berth(...words).status, berth(...words).stderr];
      expect(said("add")).toEqual([2, "berth add: which network? berth add NETWORK NETNS\n"]);
      expect(said("add", "labnet")).toEqual([2, expect.stringContaining("which network namespace?")]);
      expect(said("add", "other", "c1")).toEqual([
        1,
        expect.stringContaining('no net configuration with name "other"'),
      ]);
      expect(said("add", "labnet", "c1", "--args", "a")).toEqual([
        1,
        expect.stringContaining('invalid CNI_ARGS pair "a"'),
      ]);
      expect(said("add", "labnet", "c1", "--cap", "[]")).toEqual([1, expect.stringContaining("no JSON object: []")]);
      expect(said("add", "labnet", "c1", "--nonsense")).toEqual([
        2,
        expect.stringContaining("unknown option '--nonsense'"),
      ]);
    }),
  );
});

describe("berth add", () => {
  needs(
    namespaces,
    built,
    nftables,
  )(
    "--dry-run prints what it would do and does nothing; the commands do the same",
    inLab((lab) => {
      const { berth } = prepare(lab);
      const ns = lab.container();
      const before = rules(lab);
      const { status, stdout } = berth("add", "labnet", ns, "--dry-run");
      expect(status).toBe(0);
      expect([lab.leases(), addresses(lab, ns), rules(lab)]).toEqual([{}, [], before]);
      expect(existsSync(join(lab.dir, "results"))).toBe(false);
      expect(lab.attempt(lab.host, "sh", "-ec", stdout)).toMatchObject({ status: 0, stderr: "" });
      expect(stdout).toContain(`# the container has ${lab.addrs(ns)[0]} then\n`);
      expect(rules(lab)).toContain("tcp . 8080");
    }),
  );

  needs(
    namespaces,
    built,
    nftables,
  )(
    "--dry-run says that it would fail, and of del what goes",
    inLab((lab) => {
      const { berth } = prepare(lab);
      const ns = lab.container();
      berth("add", "labnet", ns);
      const again = berth("add", "labnet", ns, "--dry-run");
      expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining("it would fail: ") });
      const [address = ""] = lab.addrs(ns);
      const { status, stdout } = berth("del", "labnet", ns, "--dry-run");
      expect([status, lab.addrs(ns)]).toEqual([0, [address]]);
      expect(stdout).toContain(`{ ${address.split("/")[0]} }'\n`);
      expect(stdout).toContain("nft 'delete element ip berth-portmap ports { tcp . 8080 }'\n");
    }),
  );

  needs(
    namespaces,
    built,
    nftables,
  )(
    "--timings and --trace say what was done, --save keeps it and --replay does it again",
    inLab((lab) => {
      const { berth } = prepare(lab);
      const ns = lab.container();
      const file = join(lab.dir, "calls.json");
      const { stderr } = berth("add", "labnet", ns, "--trace", "--timings", "--save", file);
      expect(stderr).toContain("> bridge ADD: ");
      expect(stderr).toContain("\n+ sysctl -w net.ipv4.ip_forward=1\n");
      expect(stderr).toMatch(/\nPLUGIN +VERB +MS +ENDED\nbridge +ADD +\d+\.\d +ok\nportmap +ADD/);
      expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(2);
      const again = berth("add", "--replay", file);
      expect(again).toMatchObject({ status: 1, stdout: expect.stringContaining("bridge ADD: ANOTHER ANSWER") });
      berth("del", "labnet", ns);
      expect(berth("add", "--replay", file)).toMatchObject({ stdout: expect.stringContaining("portmap ADD: ") });
    }),
  );
});

describe("berth gc", () => {
  needs(
    namespaces,
    built,
    nftables,
  )(
    "wants to be told what lives, shows what would go, and removes it with --yes",
    inLab((lab) => {
      const { berth, as } = prepare(lab);
      const [one, two] = [lab.container(), lab.container()];
      for (const ns of [one, two]) expect(berth("add", "labnet", ns).status).toBe(0);
      const [first = "", second = ""] = [one, two].map((ns) => (lab.addrs(ns)[0] ?? "").split("/")[0]);
      expect(berth("gc", "labnet")).toMatchObject({
        status: 2,
        stderr: expect.stringContaining("nobody said what lives"),
      });
      const shown = berth("gc", "labnet", "--valid", idOf(one));
      expect(shown.stdout).toMatch(
        new RegExp(`^DEL ${idOf(two)} eth0: lease ${second}, interface veth\\w+\nwith --yes it is done\n$`),
      );
      expect(Object.keys(lab.leases())).toHaveLength(2);
      expect(berth("gc", "labnet", "--valid", idOf(one), "--yes").status).toBe(0);
      expect(Object.keys(lab.leases())).toEqual([first]);
      symlinkSync(join(lab.bin, "berth"), join(lab.dir, "cnitool"));
      expect(as(join(lab.dir, "cnitool"))("gc", "labnet", netnsPath(one)).status).toBe(0);
      expect(lab.leases()).toEqual({});
    }),
  );
});
