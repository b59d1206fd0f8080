/** BERTH_TRACE=commands: what an ADD does, as shell commands that do the same. */
import { expect } from "bun:test";
import { netnsPath } from "../support/conf.ts";
import { inLab, type Lab, openLab } from "../support/lab.ts";
import { built, namespaces, needs, nftables } from "../support/needs.ts";

const KEYS = { ipMasq: true, hairpinMode: true, isGateway: true, mtu: 1400, macspoofchk: true };

/** The commands that an ADD of `keys` tells, by line. */
function told(lab: Lab, ns: string, keys: Record<string, unknown>): string[] {
  const { status, stderr } = lab.call("bridge", "ADD", { ns, conf: lab.conf(keys), env: { BERTH_TRACE: "commands" } });
  expect(status).toBe(0);
  return stderr.split("\n").flatMap((line) => (line.startsWith("+ ") ? line.slice(2) : []));
}

/** All that tells one machine from another in what `ip` and `nft` show. */
function seen(lab: Lab, ns: string) {
  const links = lab.ipj(lab.host, "-d", "addr", "show").concat(lab.ipj(ns, "-d", "addr", "show"));
  const known = links.map(({ ifname, mtu, address, ifalias, flags, addr_info, linkinfo }) => ({
    ifname,
    mtu,
    address,
    ifalias,
    up: flags.includes("UP"),
    hairpin: linkinfo?.info_slave_data?.hairpin,
    addresses: addr_info
      .filter(({ scope }: { scope: string }) => scope === "global")
      .map(({ local, prefixlen }: { local: string; prefixlen: number }) => `${local}/${prefixlen}`),
  }));
  return { links: known, rules: lab.sh(lab.host, "nft", "list", "ruleset") };
}

needs(
  namespaces,
  built,
  nftables,
)(
  "the commands that an ADD tells make in another place what the ADD made",
  inLab((lab) => {
    const ns = lab.container();
    const commands = told(lab, ns, KEYS);
    using other = openLab();
    const elsewhere = other.container();
    const script = commands.join("\n").replaceAll(ns, elsewhere);
    // A veth's end that is new has an address of its own until the ADD's command gives it another.
    expect(other.attempt(other.host, "sh", "-ec", script)).toMatchObject({ status: 0, stderr: "" });
    expect(seen(other, elsewhere)).toEqual(seen(lab, ns));
    expect(commands.some((command) => command.includes(`netns ${netnsPath(ns)}`))).toBe(true);
  }),
);
