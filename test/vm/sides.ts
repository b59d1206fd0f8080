/** One scenario for two sets of plugins, each in namespaces of its own, and what is to be compared afterwards. */
import type { Json } from "../support/command.ts";
import { bridgeConf, type Conf } from "../support/conf.ts";
import type { Script } from "../support/vm/script.ts";
import type { Seen } from "./feature.ts";

export const SIDES = ["berth", "reference"] as const;
export type Side = (typeof SIDES)[number];

/** The functions of the scripts. */
export const PRELUDE = `
# plugin SIDE VERB KEY CONTAINER TYPE <CONFIGURATION: its stderr is in /var. The shell that runs it becomes the plugin.
plugin() {
  local id=$4 netns=/run/netns/$4-$3-$1 ifname=eth0
  case $2 in GC | STATUS) id= netns= ifname= ;; esac
  exec nsenter --net=/run/netns/host-$3-$1 env -i PATH=/bin CNI_COMMAND=$2 CNI_CONTAINERID=$id CNI_NETNS=$netns \\
    CNI_IFNAME=$ifname CNI_PATH=/$1 /$1/$5 2>/var/$1-$2-$3-$4.stderr
}
`;

/** One scenario: its name, and the configuration of each container. */
export interface Scenario {
  key: string;
  confs: Record<string, Conf>;
  /** Commands before the first ADD; the host's namespace is called HOST there. */
  before?: string;
  /** The keys of its DELs, "DEL/CONTAINER" for each when absent. */
  deleted?: readonly string[];
}

/** The configuration of a scenario's container, of the network "labnet" on "lab0"; see bridgeConf. */
export function conf(key: string, over: Record<string, unknown>): Conf {
  return bridgeConf(`/var/${key}-SIDE`, over);
}

/** The namespace of the scenario's host, or of one of its containers. */
export const netns = (key: string, side: Side, who = "host") => `${who}-${key}-${side}`;

/** Adds a call of a plugin; CHECK is given the result of the last ADD. `step` is the step's key if it is not the usual. */
export function call(
  script: Script,
  side: Side,
  verb: string,
  key: string,
  container: string,
  conf: Conf,
  step = `${key}/${side}/${verb}/${container}`,
): void {
  const text = JSON.stringify(conf).replaceAll("SIDE", side);
  const result = `/var/${key}-${side}-${container}.result`;
  const stdin =
    verb === "CHECK" ? `{ echo '${text.slice(0, -1)},"prevResult":'; cat ${result}; echo '}'; }` : `echo '${text}'`;
  const run = `${stdin} | plugin ${side} ${verb} ${key} ${container} ${conf.type}`;
  script.step(
    step,
    verb === "ADD"
      ? `${run} >${result}.new\nstatus=$?\ncat ${result}.new\n[ $status = 0 ] && mv ${result}.new ${result}\nexit $status`
      : run,
  );
}

/** Adds the namespaces of a scenario. */
export function prepare(script: Script, side: Side, { key, confs, before }: Scenario): void {
  const host = netns(key, side);
  script.step(
    `${key}/${side}/namespaces`,
    [host, ...Object.keys(confs).map((id) => netns(key, side, id))].map((ns) => `ip netns add ${ns}`).join("\n"),
  );
  if (before) script.step(`${key}/${side}/before`, before.replaceAll("HOST", host));
}

/** The same, and its ADDs. */
export function begin(script: Script, side: Side, scenario: Scenario): void {
  prepare(script, side, scenario);
  for (const [id, one] of Object.entries(scenario.confs)) call(script, side, "ADD", scenario.key, id, one);
}

/** Adds questions about the kernel's state, which `observed` reads. */
export function observe(script: Script, side: Side, key: string, when: string): void {
  const host = netns(key, side);
  script.step(`${key}/${side}/${when}/vlans`, `bridge -n ${host} -j vlan show`);
  script.step(`${key}/${side}/${when}/links`, `ip -n ${host} -j -d addr show`);
}

/** Adds the whole scenario, ADDs to DELs, with what is to be compared. */
export function play(script: Script, side: Side, scenario: Scenario): void {
  const { key, confs } = scenario;
  begin(script, side, scenario);
  observe(script, side, key, "up");
  for (const [id, one] of Object.entries(confs)) call(script, side, "DEL", key, id, one);
  observe(script, side, key, "down");
}

/** What a scenario came to on one side; what is random has a name in its place. */
export function outcome(seen: Pick<Seen, "of" | "json">, side: Side, { key, confs, deleted }: Scenario): Json {
  const results = Object.keys(confs).map((id) => seen.json(`${key}/${side}/ADD/${id}`));
  const ports = new Map(results.map(({ interfaces }, i) => [interfaces[1].name, `port of ${Object.keys(confs)[i]}`]));
  const name = (real: string) => ports.get(real) ?? (/^veth[0-9a-f]{8}$/.test(real) ? "port of the gateway" : real);
  return {
    results: results.map(({ interfaces, ...rest }) => ({
      ...rest,
      interfaces: interfaces.map((one: Json) => [name(one.name), one.sandbox?.replace(side, "SIDE")]),
    })),
    up: observed(seen, `${key}/${side}/up`, name),
    deleted: (deleted ?? Object.keys(confs).map((id) => `DEL/${id}`)).map(
      (del) => seen.of(`${key}/${side}/${del}`).status,
    ),
    down: observed(seen, `${key}/${side}/down`, name),
  };
}

function observed(seen: Pick<Seen, "json">, key: string, name: (real: string) => string): Json {
  const vlans = seen.json(`${key}/vlans`).map((row: Json) => [name(row.ifname), row.vlans]);
  const links = seen.json(`${key}/links`).map((link: Json) => [name(link.ifname), linkOf(link, name)]);
  return { vlans: Object.fromEntries(vlans), links: Object.fromEntries(links) };
}

function linkOf(link: Json, name: (real: string) => string): Json {
  const { info_kind, info_data, info_slave_data } = link.linkinfo ?? {};
  const addresses = link.addr_info.filter(({ scope }: Json) => scope === "global");
  return {
    kind: info_kind,
    mtu: link.mtu,
    up: link.flags.includes("UP"),
    master: link.master && name(link.master),
    filtering: info_data?.vlan_filtering,
    hairpin: info_slave_data?.hairpin,
    isolated: info_slave_data?.isolated,
    addresses: addresses.map(({ local, prefixlen }: Json) => `${local}/${prefixlen}`),
  };
}
