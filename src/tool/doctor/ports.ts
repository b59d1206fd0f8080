/** The ports of a bridge: the host's ends of its containers. */
import { IFF_UP } from "../../rtnl/link.ts";
import type { Link } from "../../rtnl/read-link.ts";
import type { Finding } from "../finding.ts";
import { nameOfType } from "../schemas.ts";
import type { AttachmentFacts, Facts, NetworkFacts } from "./facts.ts";
import { rewrite, withValue } from "./text/json-edit.ts";
import { command } from "./text/shell.ts";

/** A bridge that is there, with the networks on it. */
export interface BridgeFacts {
  readonly link: Link;
  readonly networks: readonly NetworkFacts[];
  /** The live containers on those. */
  readonly attachments: readonly AttachmentFacts[];
}

export function checkPorts(bridge: BridgeFacts, facts: Facts): Finding[] {
  const ports = bridge.attachments.flatMap((attachment) => portFindings(bridge, attachment));
  return [...ports, ...checkHairpinNeed(bridge, facts)];
}

/** "container 4f6c2a9be01d of network mynet" */
export function nameOf({ owner, pod }: AttachmentFacts): string {
  const id = owner.containerId.slice(0, 12);
  return pod ? `pod ${pod.namespace}/${pod.name} (${id})` : `container ${id} of network ${owner.network}`;
}

function portFindings(bridge: BridgeFacts, attachment: AttachmentFacts): Finding[] {
  const { outer, network } = attachment;
  const config = network?.bridge;
  if (!outer || !config) return [];
  const { name } = bridge.link;
  const whose = nameOf(attachment);
  const found: Finding[] = [];
  const error = (what: string, evidence: string, consequence: string, mend: string[]) =>
    void found.push({ severity: "error", what, evidence, consequence, mend });
  const silent = `${whose} reaches nothing, and nothing reaches it`;
  const settings = settingsOf(outer, config);
  if (outer.master !== bridge.link.index) {
    const evidence = `${outer.name}: master is not ${name} (ip link show ${outer.name})`;
    const mend = [command("ip", "link", "set", outer.name, "master", name), ...settings.map(({ mend }) => mend)];
    error(`${outer.name} is no port of bridge ${name}`, evidence, silent, mend);
  } else {
    for (const { what, mend, isSet } of settings) {
      if (isSet) continue;
      const evidence = `network ${network.name} asks for it (bridge -d link show dev ${outer.name})`;
      error(`port ${outer.name} of bridge ${name} ${what}`, evidence, `${whose} is not treated as configured`, [mend]);
    }
  }
  if (!(outer.flags & IFF_UP)) {
    const evidence = `no UP among its flags (ip link show ${outer.name})`;
    error(`${outer.name}, the host's end of ${whose}, is down`, evidence, silent, [
      command("ip", "link", "set", outer.name, "up"),
    ]);
  }
  return found;
}

interface PortSetting {
  readonly what: string;
  readonly mend: string;
  readonly isSet: boolean;
}

/** What the network wants of its ports. */
function settingsOf(
  { name, port }: Link,
  { hairpinMode, portIsolation }: { hairpinMode: boolean; portIsolation: boolean },
): PortSetting[] {
  const set = (what: string) => command("bridge", "link", "set", "dev", name, what, "on");
  return [
    ...(hairpinMode
      ? [{ what: "does not send back (hairpin off)", mend: set("hairpin"), isSet: port?.hairpin ?? false }]
      : []),
    ...(portIsolation ? [{ what: "is not isolated", mend: set("isolated"), isSet: port?.isolated ?? false }] : []),
  ];
}

/** Where a bridge's own packets go through iptables, a container that reaches itself by a translated address comes back to its port. */
function checkHairpinNeed(bridge: BridgeFacts, { kernel }: Facts): Finding[] {
  if (!kernel.bridgeNf || bridge.link.promiscuity > 0) return [];
  const needing = bridge.attachments.filter(
    ({ mappings, outer, network }) =>
      (mappings.length > 0 || kernel.hasKubeProxy) && outer?.port?.hairpin === false && !network?.bridge?.hairpinMode,
  );
  const [first] = needing;
  if (!first) return [];
  return [
    {
      severity: "warning",
      what: `ports of bridge ${bridge.link.name} do not send back (hairpin off), and addresses are translated on the bridge`,
      evidence: `net.bridge.bridge-nf-call-iptables = 1; ${first.outer?.name}: hairpin off, and ${nameOf(first)} has ${first.mappings.length} published ports`,
      consequence: `${needing.length} containers do not reach themselves by a published port or service`,
      mend: [
        ...needing.map(({ outer }) => command("bridge", "link", "set", "dev", outer?.name ?? "", "hairpin", "on")),
        ...configured({ networks: bridge.networks, plugin: "bridge" }, "hairpinMode", true),
      ],
    },
  ];
}

/** Sets a key of a plugin in the files of networks, for the containers to come. */
export function configured(
  { networks, plugin: name }: { readonly networks: readonly NetworkFacts[]; readonly plugin: string },
  key: string,
  value: unknown,
): string[] {
  return networks.flatMap(({ file, plugins }) => {
    const config = file?.network?.config;
    if (!file || !config) return [];
    const at = plugins.findIndex((plugin) => nameOfType((plugin as { type?: string }).type ?? "") === name);
    const path = "plugins" in config ? ["plugins", at, key] : [key];
    const text = file.text ?? "";
    return rewrite(file.path, text, withValue(config, path, value), assignment(text, plugins[at] ?? {}, key, value));
  });
}

/** What to replace in a file's text: the key's value or, where it has none, the plugin's type by itself and the key. */
function assignment(text: string, plugin: object, key: string, value: unknown): readonly [string, string] | undefined {
  const isThere = key in plugin;
  const name = isThere ? key : "type";
  const now = JSON.stringify((plugin as Record<string, unknown>)[name]);
  const [written] = text.match(new RegExp(`"${name}"\\s*:\\s*${now}`)) ?? [];
  const set = `"${key}": ${JSON.stringify(value)}`;
  return written === undefined ? undefined : [written, isThere ? set : `${written}, ${set}`];
}
