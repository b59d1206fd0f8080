import { formatPrefix } from "../../base/ip.ts";
import { formatMac } from "../../base/mac.ts";
import type { AttachmentFacts, Facts } from "./facts.ts";
import { nameOf } from "./ports.ts";

/** What each group looked at, one by one (`--verbose`), by the group's name. */
export const DETAILS: Readonly<Record<string, (facts: Facts) => string[]>> = {
  configuration: ({ files }) =>
    files.map(({ path, network, wrong }) =>
      network ? `${path}: network ${network.name}, version ${network.cniVersion ?? "none"}` : `${path}: ${wrong}`,
    ),
  executables: ({ executables }) =>
    executables.map(
      ({ type, path = "nowhere", about, kind, versions }) =>
        `${type}: ${path}, ${kind ?? "no program"}, ${about ?? "says nothing"}, ${versions?.join(" ") ?? "no versions"}`,
    ),
  kernel: ({ chains }) =>
    chains.flatMap(({ family, table, name, base, rules }) =>
      base ? `${family} ${table} ${name}: ${base.hook}, priority ${base.priority}, ${rules.length} rules` : [],
    ),
  bridges: ({ networks, links }) =>
    networks.flatMap(({ bridge }) => {
      const link = links.find(({ name }) => name === bridge?.bridge);
      return link ? `${link.name}: ${formatMac(link.mac)}, mtu ${link.mtu}` : [];
    }),
  leases: ({ leases }) => leases.map(({ path, holder }) => `${path}: ${holder ? holder.id : "nobody"}`),
  rules: ({ attachments }) =>
    attachments.flatMap((one) =>
      one.mappings.map(
        ({ hostPort, protocol, containerPort }) => `${nameOf(one)}: ${hostPort}/${protocol} to ${containerPort}`,
      ),
    ),
  containers: ({ attachments }) => attachments.map(containerText),
  services: ({ services }) =>
    services?.berthd.is === "answering"
      ? Object.values(services.berthd.status.sources).map(
          ({ path, files }) => `${path}: ${Object.keys(files).length} files`,
        )
      : [],
};

function containerText(attachment: AttachmentFacts): string {
  const { owner, life, result, outer, cached } = attachment;
  const addresses = result?.ips.map(({ address }) => formatPrefix(address)).join(" ") || "no address known";
  return `${nameOf(attachment)}: ${owner.ifname} ${addresses}, ${outer?.name ?? "no link"}, ${cached?.netns ?? "no namespace known"}, ${life.is}`;
}
