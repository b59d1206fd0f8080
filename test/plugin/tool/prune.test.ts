/** `berth prune`: an unused network leaves nothing, a used one is not touched, and others keep what they have. */
import { describe, expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inLab, type Lab } from "../../support/lab.ts";
import { attachTo, configure, forget, type List, listOf } from "../../support/listed.ts";
import { built, can, namespaces, needs, nftables } from "../../support/needs.ts";
import { install } from "../../unit/tool/runtimes/stubs.ts";

const iptables = can("root and iptables", "iptables", "-t", "filter", "-S");
const need = needs(namespaces, built, nftables, iptables);

/** The command line of `berth prune`, with no runtime but one that knows nothing. */
function commandLine(lab: Lab, ...args: string[]): string[] {
  install(join(lab.dir, "stubs"), "podman", "echo '[]'");
  const env = [`PATH=${join(lab.dir, "stubs")}`, `CNI_PATH=${lab.bin}`];
  const places = ["--conf", join(lab.dir, "net.d"), "--cache-dir", lab.dir];
  return ["/usr/bin/env", "-i", ...env, join(lab.bin, "berth"), "prune", ...args, ...places];
}
const prune = (lab: Lab, ...args: string[]) => lab.attempt(lab.host, ...commandLine(lab, ...args));

const ports = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] };

/** A network with all that leaves something. */
function network(lab: Lab, name: string, subnet: string): List {
  const chained = [{ type: "portmap", capabilities: { portMappings: true } }, { type: "firewall" }];
  const list = listOf(lab, name, subnet, { macspoofchk: true }, ...chained);
  configure(lab, {
    ...list,
    plugins: list.plugins.map((plugin) => ({ ...plugin, berth: { indexDir: join(lab.dir, "index") } })),
  });
  return {
    ...list,
    plugins: list.plugins.map((plugin) => ({ ...plugin, berth: { indexDir: join(lab.dir, "index") } })),
  };
}

/** Its container vanishes without a DEL, as after a kill. */
function vanish(lab: Lab, ns: string): void {
  lab.sh(ns, "ip", "link", "del", "eth0");
  lab.sh(lab.host, "ip", "netns", "del", ns);
}

const links = (lab: Lab) => lab.ipj(lab.host, "link", "show").map(({ ifname }) => ifname);
const tables = (lab: Lab) => lab.sh(lab.host, "nft", "list", "tables").trim().split("\n").filter(Boolean).sort();

describe("berth prune", () => {
  need(
    "removes all that a dead container and its network left, says so, and has nothing to do again",
    inLab((lab) => {
      const before = tables(lab);
      vanish(lab, attachTo(lab, network(lab, "net", "10.71.0.0/24"), { id: "one", capabilityArgs: ports }).ns);
      writeFileSync(join(lab.store, "net", "10.71.0.9"), "");
      const shown = prune(lab, "net", "--dry-run");
      expect(shown.status).toBe(0);
      for (const what of [
        "lease 10.71.0.2 of one",
        "lease 10.71.0.9 of nobody",
        "bridge net0",
        "set ip berth masq-",
        "chain bridge nat cni-br-iface-one-eth0",
        "published ports of ip berth-portmap: ports: 1",
        `directory ${lab.store}/net`,
        `index ${lab.dir}/index/`,
        `result ${lab.dir}/results/net-one-eth0`,
      ]) {
        expect(shown.stdout).toContain(`would remove ${what}`);
      }
      expect(prune(lab, "net")).toMatchObject({ status: 1, stderr: expect.stringContaining("--yes removes it") });
      expect(links(lab)).toContain("net0");
      const { status, stdout, stderr } = prune(lab, "net", "--yes");
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toBe(shown.stdout.replaceAll("would remove", "removed"));
      expect(links(lab)).toEqual(["lo"]);
      expect(existsSync(join(lab.store, "net"))).toBe(false);
      expect(readdirSync(join(lab.dir, "index"))).toEqual([]);
      expect(readdirSync(join(lab.dir, "results"))).toEqual([]);
      // What is iptables' own stays.
      expect(tables(lab).filter((line) => !/ (nat|filter)$/.test(line))).toEqual(before);
      expect(tables(lab)).not.toContain("table bridge nat");
      expect(lab.rulesNaming("one", "10.71.0.2")).toEqual([]);
      expect(prune(lab, "net", "--yes")).toEqual({ status: 0, stdout: "nothing is left of network net\n", stderr: "" });
    }),
  );

  need(
    "touches nothing while a container lives, and tells which",
    inLab((lab) => {
      const list = network(lab, "net", "10.71.0.0/24");
      attachTo(lab, list, { id: "one", args: "K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0;IgnoreUnknown=1" });
      const dead = attachTo(lab, list, { id: "two" });
      vanish(lab, dead.ns);
      const before = lab.sh(lab.host, "nft", "list", "ruleset");
      for (const args of [["--yes"], ["--dry-run"], ["--yes", "--force"]]) {
        const { status, stderr } = prune(lab, "net", ...args);
        expect(status).toBe(1);
        expect(stderr).toBe("berth prune: network net is in use:\n  one eth0 (shop/web-0, 10.71.0.2): live\n");
      }
      forget(lab, list, "one");
      expect(prune(lab, "net", "--yes").status).toBe(1);
      expect(lab.sh(lab.host, "nft", "list", "ruleset")).toBe(before);
      expect(Object.keys(lab.leases("net"))).toEqual(["10.71.0.2", "10.71.0.3"]);
    }),
  );

  need(
    "leaves another network all that it has, and bridges that others made or use",
    inLab((lab) => {
      const other = network(lab, "other", "10.72.0.0/24");
      attachTo(lab, other, {
        id: "kept",
        capabilityArgs: { portMappings: [{ hostPort: 9090, containerPort: 80, protocol: "tcp" }] },
      });
      const ruleset = () => lab.sh(lab.host, "nft", "list", "ruleset").replace(/counter packets \d+ bytes \d+/g, "");
      const before = ruleset();
      const list = network(lab, "net", "10.71.0.0/24");
      vanish(lab, attachTo(lab, list, { id: "one", capabilityArgs: ports }).ns);
      lab.sh(lab.host, "ip", "link", "add", "mine", "type", "veth", "peer", "name", "mine2");
      lab.sh(lab.host, "ip", "link", "set", "mine", "master", "net0");
      const { status, stdout } = prune(lab, "net", "--yes");
      expect(status).toBe(0);
      expect(stdout).toContain("bridge net0 stays: it has ports of others: mine");
      // 127.0.0.0/8 is routed through the bridge still.
      expect(ruleset().replace(/"net0",\s+/, "")).toBe(before);
      lab.sh(lab.host, "ip", "link", "set", "mine", "nomaster");
      lab.sh(lab.host, "ip", "link", "set", "net0", "alias", "ours");
      expect(prune(lab, "net", "--yes").stdout).toContain("bridge net0 stays: berth did not make it");
      lab.sh(lab.host, "ip", "link", "set", "net0", "alias", "berth");
      configure(lab, { ...other, name: "third", plugins: [{ ...other.plugins[0], type: "bridge", bridge: "net0" }] });
      expect(prune(lab, "net", "--yes").stdout).toContain("bridge net0 stays: network third has it, too");
      rmSync(join(lab.dir, "net.d", "10-third.conflist"));
      expect(prune(lab, "net", "--yes").stdout).toBe("removed bridge net0\n");
      expect(ruleset()).toBe(before);
      expect(lab.leases("other")).toEqual({ "10.72.0.2": "kept\r\neth0" });
    }),
  );

  need(
    "takes the reference's leases, of which nothing says whether they live, only by force; and no file that is none of its own",
    inLab((lab) => {
      network(lab, "net", "10.71.0.0/24");
      mkdirSync(join(lab.store, "net"), { recursive: true });
      writeFileSync(join(lab.store, "net", "10.71.0.2"), "theirs\r\neth0");
      writeFileSync(join(lab.store, "net", "notes"), "");
      expect(prune(lab, "net", "--yes").stderr).toContain(
        "in use; --force takes them for gone:\n  theirs eth0 (10.71.0.2): nothing says",
      );
      const { status, stderr } = prune(lab, "net", "--yes", "--force");
      expect(status).toBe(1);
      expect(stderr).toContain("net has other files: notes");
      expect(readdirSync(join(lab.store, "net"))).toEqual(["notes"]);
      expect(prune(lab, "nix", "--yes").status).toBe(2);
    }),
  );

  need(
    "a second one takes what a killed one left, wherever it was killed",
    inLab(async (lab) => {
      const list = network(lab, "net", "10.71.0.0/24");
      for (const wait of [5, 10, 15, 20]) {
        vanish(lab, attachTo(lab, list, { id: "one", capabilityArgs: ports }).ns);
        const child = Bun.spawn(["ip", "netns", "exec", lab.host, ...commandLine(lab, "net", "--yes")]);
        await Bun.sleep(wait);
        child.kill("SIGKILL");
        await child.exited;
        expect([wait, prune(lab, "net", "--yes").status]).toEqual([wait, 0]);
        expect([links(lab), existsSync(join(lab.store, "net")), lab.rulesNaming("one", "10.71.0.2")]).toEqual([
          ["lo"],
          false,
          [],
        ]);
        expect(readdirSync(join(lab.dir, "index"))).toEqual([]);
      }
    }),
  );

  needs(
    namespaces,
    built,
    nftables,
    can("script", "script", "--version"),
  )(
    "asks on a terminal",
    inLab((lab) => {
      const list = listOf(lab, "net", "10.71.0.0/24");
      configure(lab, list);
      vanish(lab, attachTo(lab, list).ns);
      const answered = (answer: string) => {
        const command = ["script", "-qec", commandLine(lab, "net").join(" "), "/dev/null"];
        const stdin = Buffer.from(`${answer}\n`);
        const { exitCode, stdout } = Bun.spawnSync(["ip", "netns", "exec", lab.host, ...command], { stdin });
        return [exitCode, stdout.toString().replaceAll("\r", "")] as const;
      };
      expect(answered("n")).toEqual([
        1,
        expect.stringMatching(/would remove bridge net0\n[\s\S]*Remove it\? \[y\/N\]\nnothing was removed\n/),
      ]);
      expect(links(lab)).toContain("net0");
      expect(answered("y")).toEqual([0, expect.stringContaining("removed bridge net0\n")]);
      expect(links(lab)).toEqual(["lo"]);
    }),
  );
});
