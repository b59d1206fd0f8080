/** MTUs on the way from a container to the uplink. What is too long for one of them on the way is lost without a word. */
import type { Link } from "../../rtnl/read-link.ts";
import type { Finding } from "../finding.ts";
import { nameOfType } from "../schemas.ts";
import type { AttachmentFacts, Facts, NetworkFacts } from "./facts.ts";
import { configured, nameOf } from "./ports.ts";
import { command, inNetns } from "./text/shell.ts";
import { uplinksOf } from "./uplinks.ts";

export function checkMtus(facts: Facts): Finding[] {
  const uneven = facts.attachments.flatMap((attachment) => checkPair(attachment, facts));
  return [...uneven, ...checkUplink(facts)];
}

/** The plugin tuning may have been told to make them different. */
function isTuned({ cached }: AttachmentFacts): boolean {
  return (cached?.plugins ?? []).some(
    (plugin) => "mtu" in plugin && nameOfType(String((plugin as { type?: unknown }).type)) === "tuning",
  );
}

const bridgeOf = ({ outer }: AttachmentFacts, { links }: Facts): Link | undefined =>
  outer?.master ? links.find(({ index, kind }) => index === outer.master && kind === "bridge") : undefined;

function checkPair(attachment: AttachmentFacts, facts: Facts): Finding[] {
  const { inside, outer, cached, owner, network, life } = attachment;
  const inner = inside?.link;
  if (life.is !== "alive" || !inner || !outer || isTuned(attachment)) return [];
  const bridge = bridgeOf(attachment, facts);
  const wanted = network?.veth?.mtu || bridge?.mtu || outer.mtu;
  // A bridge takes the least of its ports', unless it was set.
  if (inner.mtu === outer.mtu && (inner.mtu === wanted || !bridge || bridge.mtu === inner.mtu)) return [];
  const target = Math.max(wanted, ...(network?.veth?.mtu ? [] : [inner.mtu, outer.mtu]));
  return [
    {
      severity: "error",
      what: `the MTUs on the way to ${nameOf(attachment)} differ`,
      evidence: `${owner.ifname} ${inner.mtu}, ${outer.name} ${outer.mtu}${bridge ? `, bridge ${bridge.name} ${bridge.mtu}` : ""} (ip link show)`,
      consequence: `packets of more than ${Math.min(inner.mtu, outer.mtu, wanted)} bytes are lost, and nobody is told: small answers come, large ones hang`,
      mend: [
        inNetns(cached?.netns ?? "", "ip", "link", "set", owner.ifname, "mtu", `${target}`),
        command("ip", "link", "set", outer.name, "mtu", `${target}`),
        ...(bridge && bridge.mtu !== target ? [command("ip", "link", "set", bridge.name, "mtu", `${target}`)] : []),
      ],
    },
  ];
}

/** What the kernel gives a veth and a bridge that are not told otherwise. */
const DEFAULT_MTU = 1500;

function checkUplink(facts: Facts): Finding[] {
  const [uplink] = uplinksOf(facts);
  if (!uplink) return [];
  return facts.networks.flatMap((network) => {
    const { veth, bridge, name, file } = network;
    if (!veth || (bridge && !bridge.isGateway)) return [];
    const own = facts.attachments.filter((one) => one.network === network && one.life.is === "alive" && !isTuned(one));
    const large = own.filter(({ inside }) => (inside?.link?.mtu ?? 0) > uplink.mtu);
    const next = file ? veth.mtu || DEFAULT_MTU : 0;
    if (large.length === 0 && next <= uplink.mtu) return [];
    return tooLarge(
      network,
      uplink,
      large,
      Math.max(next, ...large.map(({ inside }) => inside?.link?.mtu ?? 0)),
      facts,
      name,
    );
  });
}

function tooLarge(
  network: NetworkFacts,
  uplink: Link,
  attachments: readonly AttachmentFacts[],
  mtu: number,
  facts: Facts,
  name: string,
): Finding {
  const link = network.bridge && facts.links.find((one) => one.name === network.bridge?.bridge);
  const set = ["mtu", `${uplink.mtu}`];
  return {
    severity: "warning",
    what: `containers of ${name} send packets that are too large for ${uplink.name}`,
    evidence: `mtu ${mtu} in the containers, ${uplink.mtu} of ${uplink.name}, which the default route leads out by (ip link show ${uplink.name})`,
    consequence: "connections hang where somebody on the way swallows ICMP: small answers come, large ones do not",
    mend: [
      ...attachments.flatMap(({ cached, outer, owner }) => [
        inNetns(cached?.netns ?? "", "ip", "link", "set", owner.ifname, ...set),
        ...(outer ? [command("ip", "link", "set", outer.name, ...set)] : []),
      ]),
      ...(link ? [command("ip", "link", "set", link.name, ...set)] : []),
      ...configured({ networks: [network], plugin: network.bridge ? "bridge" : "ptp" }, "mtu", uplink.mtu),
    ],
  };
}
