/** What each folder of src/ is for, and each file that lies in src/ itself: a line of the picture and of the table. */
export const PURPOSES: Readonly<Record<string, string>> = {
  "main.ts": "reads the world, writes stdout, exits",
  "cli.ts": "which plugin or command the call is for",
  "programs.ts": "the hot plugins imported, the cold ones and the tool loaded",
  "registry.ts": "a line for each plugin: name, kind, versions, hot or cold",
  skel: "being a plugin: environment, version, verb, result or error JSON",
  tool: "the operator's command, berth",
  service: "berthd: carries traffic to services",
  plugins: "a folder for each plugin: configuration, plan, a file for each verb",
  veth: "joining a container by a veth pair: what bridge and ptp share",
  features: "what a network may ask of a machine: masquerade, spoof check, …",
  delegate: "a plugin calling its IPAM, in this process or as another",
  library: "what other programs import: berth/cni; berth/netlink and berth/service, on Bun",
  invoke: "calling plugins, as libcni does",
  host: "what a plugin may do to a machine; the seam that tests fake",
  iptables: "running iptables-restore; its rules as values",
  rtnl: "links, addresses, routes, neighbours: the verbs of ip",
  nft: "tables, chains, sets, rules: the verbs of nft",
  ct: "connections that are tracked: the verbs of conntrack",
  netlink: "one socket, one exchange, errors in the kernel's words; the other seam",
  wire: "bytes and values: cursor, coders, attribute tables",
  spec: "CNI as written: versions, env, configuration, result, errors",
  sys: "the system calls, on two hosts",
  base: "values: addresses, MACs, errno, hashes, undo",
};

/** Those of `folders` that the table does not explain. */
export function unexplained(folders: Iterable<string>, purposes = PURPOSES): string[] {
  return [...folders].filter((folder) => !purposes[folder]);
}
