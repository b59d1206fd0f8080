/** Configurations of firewall for attachments that are made up, and the rules that there are. */
import type { Json } from "./command.ts";
import type { Lab } from "./lab.ts";

/** A result of the bridge plugin. */
export function resultOf(bridge: string, ...addresses: string[]): Json {
  const interfaces = [{ name: bridge }, { name: "veth0" }, { name: "eth0", sandbox: "/run/netns/one" }];
  return { cniVersion: "1.0.0", interfaces, ips: addresses.map((address) => ({ address, interface: 2 })) };
}

export const TWO = ["10.1.2.3/24", "fd00::3/64"];

/** What a call with the configuration is given; `prevResult` undefined: none. */
export function firewallConf(over: object = {}, prevResult: Json | undefined = resultOf("br0", ...TWO)) {
  return { cniVersion: "1.0.0", name: "net", type: "firewall", ...(prevResult && { prevResult }), ...over };
}

/** The table filter of both families as iptables-save prints it, without counters and comments. */
export function filterRules(lab: Lab, tools = ["iptables-save", "ip6tables-save"]): string[] {
  const lines = tools.flatMap((tool) => lab.sh(lab.host, tool, "-t", "filter").split("\n"));
  return lines.filter((line) => /^[:-]/.test(line)).map((line) => line.replace(/ \[\d+:\d+\]$/, ""));
}

/** Without what only berth has. */
export function asReference(lines: readonly string[]): string[] {
  return lines.filter((line) => !line.includes("CNI-PUBLISHED"));
}

/** What is about addresses or bridges. */
export function ownRules(lines: readonly string[]): string[] {
  return lines.filter((line) => /^-A .* -[sdio] /.test(line));
}
