/** `berth install --uninstall`: what of live attachments is left to others is named. */
import { expect } from "bun:test";
import { filterRules, firewallConf } from "../../support/firewalled.ts";
import { inLab } from "../../support/lab.ts";
import { built, can, namespaces, needs, nftables, REFERENCE, reference } from "../../support/needs.ts";
import { BERTH, Place } from "./installed.ts";

needs(
  built,
  namespaces,
  nftables,
)(
  "--uninstall names what the reference's DEL of live attachments would leave",
  inLab((lab) => {
    using place = new Place();
    place.install();
    const conf = lab.conf({ ipMasq: true });
    lab.add({ ns: lab.container(), id: "masked", conf });
    const uninstall = () =>
      lab.attempt(lab.host, BERTH, "install", "--dir", place.bin, "--conf", place.conf, "--uninstall", "--dry-run")
        .stdout;
    expect(uninstall()).toContain("  table ip berth: net: labnet, if: eth0, id: masked\n");
    expect(uninstall()).toContain("  nft delete table ip berth\n");
    lab.del({ id: "masked", conf });
    expect(uninstall()).not.toContain("table");
  }),
);

needs(
  built,
  namespaces,
  reference,
  can("root and iptables", "iptables", "-t", "filter", "-S"),
)(
  "--uninstall names firewall's own rules, which the reference's DEL leaves, and the commands that remove them",
  inLab((lab) => {
    using place = new Place();
    const call = { ns: lab.container(), id: "fenced", conf: firewallConf() };
    lab.add(call);
    const uninstall = () =>
      lab.attempt(lab.host, BERTH, "install", "--dir", place.bin, "--uninstall", "--dry-run").stdout;
    const said = uninstall();
    for (const family of ["ip", "ip6"]) {
      expect(said).toContain(`  chain CNI-PUBLISHED of table ${family} filter: net: net, if: eth0, id: fenced\n`);
    }
    expect(lab.call("firewall", "DEL", { ...call, bin: REFERENCE }).status).toBe(0);
    const named = (text: string) => text.split("\n").filter((line) => line.startsWith("  chain CNI-PUBLISHED"));
    expect(named(uninstall())).toEqual(named(said));
    const commands = said.split("\n").filter((line) => /^ {2}ip6?tables /.test(line));
    expect(commands).toHaveLength(6);
    lab.sh(lab.host, "sh", "-ec", commands.join("\n"));
    expect(uninstall()).not.toContain("filter");
    expect(filterRules(lab).filter((line) => line.includes("PUBLISHED"))).toEqual([]);
  }),
);
