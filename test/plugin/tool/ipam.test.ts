/** `berth ipam`: who has which address, what is wrong with the leases, and releasing them. */
import { describe, expect } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attributeOf, attributes, setAttribute } from "../../support/attributes.ts";
import type { Json } from "../../support/command.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { attachTo, configure, forget, type List, listOf } from "../../support/listed.ts";
import { built, namespaces, needs, nftables } from "../../support/needs.ts";
import { install } from "../../unit/tool/runtimes/stubs.ts";

const need = needs(namespaces, built, nftables, attributes);

/** Runs `berth ipam`, with no runtime but the stubs of the laboratory. */
function ipam(lab: Lab, ...args: string[]) {
  const places = ["--conf", join(lab.dir, "net.d"), "--cache-dir", lab.dir];
  const env = [`PATH=${join(lab.dir, "stubs")}:/usr/bin:/bin`, `CNI_PATH=${lab.bin}`];
  return lab.attempt(lab.host, "env", "-i", ...env, join(lab.bin, "berth"), "ipam", ...args, ...places);
}

/** Hides the machine's own runtimes behind one that knows nothing. */
function stubs(lab: Lab, podman = "[]"): void {
  for (const name of ["crictl", "ctr", "nerdctl"])
    install(join(lab.dir, "stubs"), name, name === "crictl" ? "echo '{}'" : "");
  install(join(lab.dir, "stubs"), "podman", `echo '${podman}'`);
}

const shown = (lab: Lab, ...args: string[]): Json[] =>
  JSON.parse(ipam(lab, "show", ...args, "-o", "json").stdout).networks;
const findings = (lab: Lab): Json[] => JSON.parse(ipam(lab, "check", "-o", "json").stdout).findings;
const states = (lab: Lab): Record<string, string> =>
  Object.fromEntries(shown(lab)[0].leases.map((one: Json) => [one.address, one.state]));

const ARGS = "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0";

/** A network with room for five, of which one is live, one stale, one of another boot, one garbled, one the reference's. */
function variety(lab: Lab): List {
  const list = listOf(lab, "net", "10.71.0.0/29");
  configure(lab, list);
  stubs(lab, '[{"Id": "live", "Names": ["web"], "State": "running", "Pid": 1}]');
  attachTo(lab, list, { id: "live", args: ARGS });
  const { ns } = attachTo(lab, list, { id: "stale" });
  lab.sh(ns, "ip", "link", "del", "eth0");
  attachTo(lab, list, { id: "rebooted" });
  const path = join(lab.store, "net", "10.71.0.4");
  setAttribute(path, attributeOf(path).replace(/b=\w+/, "b=0123456789ab"));
  writeFileSync(join(lab.store, "net", "10.71.0.5"), "");
  writeFileSync(join(lab.store, "net", "10.71.0.6"), "theirs\r\neth0");
  return list;
}

describe("berth ipam show", () => {
  need(
    "has each lease with its owner and state, and how full the range is",
    inLab((lab) => {
      variety(lab);
      expect(states(lab)).toEqual({
        "10.71.0.2": "live",
        "10.71.0.3": "stale",
        "10.71.0.4": "dead boot",
        "10.71.0.5": "garbled",
        "10.71.0.6": "reference",
      });
      const [{ ranges, leases }] = shown(lab);
      expect(ranges).toEqual([{ range: "10.71.0.1-10.71.0.6", used: 5, total: 5, free: 0, stale: 3 }]);
      expect(leases[0]).toMatchObject({
        ...{ container: { id: "live", name: "web" }, runtime: "podman", ifname: "eth0" },
        ...{ pod: { namespace: "shop", name: "web-0" }, rangeSet: 0 },
      });
      expect(leases[0].age).toBeLessThan(60);
      const { stdout } = ipam(lab, "show", "net");
      expect(stdout).toMatch(/^NETWORK +RANGE +USED +TOTAL +FREE +STALE\nnet +10\.71\.0\.1-10\.71\.0\.6 +5 +5 +0 +3\n/);
      expect(stdout).toMatch(/\nnet +10\.71\.0\.2 +live +web +shop\/web-0 +eth0 +\ds +live\n/);
    }),
  );

  need(
    "finds by pod and name, and is a monitor's question",
    inLab((lab) => {
      variety(lab);
      for (const word of ["web", "web-0", "shop/web-0", "live", "10.71.0.2"]) {
        const found = shown(lab, "net", "-c", word)[0].leases.map(({ address }: Json) => address);
        expect([word, found]).toEqual([word, ["10.71.0.2"]]);
      }
      expect(ipam(lab, "show", "--min-free", "0", "--no-names").status).toBe(0);
      expect(ipam(lab, "show", "--min-free", "1", "--no-names").status).toBe(1);
      expect(ipam(lab, "show", "--min-free", "x").status).toBe(2);
      expect(ipam(lab, "show", "other").status).toBe(2);
    }),
  );
});

const whats = (all: readonly Json[]): string[] => all.map(({ what }) => what);

describe("berth ipam check", () => {
  need(
    "says nothing of what is well",
    inLab((lab) => {
      const list = listOf(lab, "net", "10.71.0.0/24");
      configure(lab, list);
      stubs(lab);
      for (const id of ["one", "two"]) attachTo(lab, list, { id });
      expect(ipam(lab, "check")).toMatchObject({ status: 0, stdout: "2 leases of 1 networks: all is well\n" });
      expect(ipam(lab, "check", "--min-free", "252").status).toBe(1);
    }),
  );

  need(
    "finds what is of no use, and its commands mend it",
    inLab((lab) => {
      variety(lab);
      const found = findings(lab);
      expect(whats(found)).toEqual([
        "range 10.71.0.1-10.71.0.6 of network net has 0 of 5 addresses left",
        "10.71.0.3 of network net is leased to a container that is gone",
        "10.71.0.4 of network net is leased to a container of an earlier boot",
        "10.71.0.5 of network net has a lease that names nobody",
      ]);
      mend(lab, found.slice(1));
      expect(Object.keys(lab.leases("net"))).toEqual(["10.71.0.2", "10.71.0.6"]);
      expect(lab.rulesNaming("10.71.0.2", "10.71.0.3", "10.71.0.4").join()).not.toMatch(/10\.71\.0\.[34]/);
      expect(ipam(lab, "check")).toMatchObject({ status: 0 });
    }),
  );

  need(
    "finds a second lease, one outside of the ranges, and a container without, and its commands mend it",
    inLab((lab) => {
      const list = listOf(lab, "net", "10.71.0.0/24");
      configure(lab, list);
      stubs(lab);
      attachTo(lab, list, { id: "one" });
      attachTo(lab, list, { id: "two" });
      writeFileSync(join(lab.store, "net", "10.71.0.9"), "one\r\neth0");
      writeFileSync(join(lab.store, "net", "10.99.0.9"), "far\r\neth0");
      lab.sh(lab.host, "rm", join(lab.store, "net", "10.71.0.3"));
      const found = findings(lab);
      expect(whats(found)).toEqual([
        "container one eth0 of network net holds 10.71.0.2 and 10.71.0.9",
        "10.99.0.9 is leased outside of network net's ranges",
        "10.71.0.3 is in use by container two eth0 of network net, and its lease is missing",
      ]);
      mend(lab, [found[0], { mend: [`${found[1].mend[0]} --force`] }, found[2]]);
      expect(lab.leases("net")).toEqual({ "10.71.0.2": "one\r\neth0", "10.71.0.3": "two\r\neth0" });
      expect(findings(lab)).toEqual([]);
    }),
  );
});

/** Runs the commands of findings, as they are pasted. */
function mend(lab: Lab, found: readonly Json[]): void {
  for (const command of found.flatMap((one) => one.mend as string[])) {
    if (command.startsWith("berth ipam ")) {
      expect(ipam(lab, ...command.split(" ").slice(2))).toMatchObject({ status: 0 });
    } else lab.sh(lab.host, "sh", "-c", command);
  }
}

describe("berth ipam release", () => {
  need(
    "ends what is gone by its list, so that no rule stays, and tells what it did",
    inLab((lab) => {
      variety(lab);
      expect(lab.rulesNaming("10.71.0.3").length).toBeGreaterThan(0);
      const { status, stdout } = ipam(lab, "release", "net", "stale");
      expect([status, stdout]).toEqual([0, "bridge: DEL of stale eth0\nreleased 10.71.0.3\n"]);
      expect(lab.rulesNaming("10.71.0.3")).toEqual([]);
      expect(existsSync(join(lab.store, "net", "10.71.0.3"))).toBe(false);
      expect(ipam(lab, "release", "net", "stale").status).toBe(2);
    }),
  );

  need(
    "keeps what lives, or may, unless it is forced; then the container loses its interface",
    inLab((lab) => {
      const list = variety(lab);
      for (const word of ["live", "web", "shop/web-0", "10.71.0.2"]) {
        expect(ipam(lab, "release", "net", word).stderr).toContain(
          "10.71.0.2 of live eth0 is live: stop it, or --force",
        );
      }
      expect(ipam(lab, "release", "net", "10.71.0.6").stderr).toContain("nothing says whether it lives (reference)");
      forget(lab, list, "live");
      expect(ipam(lab, "release", "net", "live").status).toBe(1);
      expect(Object.keys(lab.leases("net"))).toHaveLength(5);
      expect(ipam(lab, "release", "net", "live", "eth0", "--force").status).toBe(0);
      expect(lab.ports("net0")).not.toContain("eth0");
      expect(lab.rulesNaming("10.71.0.2")).toEqual([]);
      expect(Object.keys(lab.leases("net"))).not.toContain("10.71.0.2");
    }),
  );

  need(
    "wants to know which of two is meant, and which interface",
    inLab((lab) => {
      variety(lab);
      writeFileSync(join(lab.store, "net", "10.71.0.5"), "stale-2\r\neth0");
      writeFileSync(join(lab.store, "net", "10.71.0.6"), "stale-3\r\neth0");
      expect(ipam(lab, "release", "net", "stale-").stderr).toContain('"stale-" may be stale-2 or stale-3');
      expect(ipam(lab, "release", "net", "stale", "eth1").stderr).toContain(
        "no lease of stale eth1: berth ipam show net",
      );
      expect(ipam(lab, "release", "nix", "stale").status).toBe(2);
    }),
  );
});
