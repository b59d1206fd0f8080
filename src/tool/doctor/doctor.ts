import type { Finding } from "../finding.ts";
import { checkAttachments } from "./attachments.ts";
import { checkBridges } from "./bridge.ts";
import { checkConfiguration, winner } from "./configuration.ts";
import { checkExecutables } from "./executables.ts";
import type { Check, Facts } from "./facts.ts";
import { checkKernel } from "./kernel.ts";
import { checkLeases } from "./leases.ts";
import { checkMtus } from "./mtu.ts";
import { checkRules } from "./rules.ts";
import { checkServices, seenServices } from "./services.ts";

/** Checks of one kind, and what they looked at. */
interface Group {
  readonly name: string;
  /** In a few words, whatever was found. */
  readonly seen: (facts: Facts) => string;
  readonly checks: readonly Check[];
}

/** What a group says. */
export interface GroupReport {
  readonly name: string;
  readonly seen: string;
  readonly findings: readonly Finding[];
}

const plural = (count: number, one: string): string =>
  `${count} ${count === 1 ? one : one.endsWith("ss") ? `${one}es` : `${one}s`}`;

/** In the order in which one thing needs another. */
const GROUPS: readonly Group[] = [
  { name: "configuration", seen: seenFiles, checks: [checkConfiguration] },
  { name: "executables", seen: seenExecutables, checks: [checkExecutables] },
  { name: "kernel", seen: seenKernel, checks: [checkKernel] },
  { name: "bridges", seen: seenBridges, checks: [checkBridges, checkMtus] },
  { name: "leases", seen: seenLeases, checks: [checkLeases] },
  { name: "rules", seen: seenRules, checks: [checkRules] },
  { name: "containers", seen: seenContainers, checks: [checkAttachments] },
];

/** Where there is a berthd. */
const SERVICES: Group = { name: "services", seen: seenServices, checks: [checkServices] };

/** All checks, in the order in which one thing needs another. */
export function diagnose(facts: Facts): GroupReport[] {
  const groups = facts.services ? [...GROUPS, SERVICES] : GROUPS;
  const reports = groups.map(({ name, seen, checks }) => ({
    name,
    seen: seen(facts),
    findings: checks.flatMap((check) => check(facts)),
  }));
  const hasErrors = reports.some(({ findings }) => findings.some(({ severity }) => severity === "error"));
  return hasErrors ? reports : [...reports.slice(0, -1), withLastWord(reports.at(-1) as GroupReport, facts)];
}

/** What plugins say stands in the way of an ADD, where no check has found why. */
function withLastWord(report: GroupReport, { networks }: Facts): GroupReport {
  const refusals = networks.flatMap(({ name, refusal }) => {
    if (!refusal) return [];
    const finding: Finding = {
      severity: "error",
      what: `no container can be attached to network ${name}`,
      evidence: `STATUS of ${refusal.plugin} says: ${refusal.message}`,
      consequence: "every ADD fails, and a runtime that asks for STATUS takes the node out of service",
      mend: [`# ${refusal.details || "see what it says"}`],
    };
    return [finding];
  });
  return { ...report, findings: [...report.findings, ...refusals] };
}

function seenFiles({ files, places }: Facts): string {
  const first = winner(files);
  if (!first) return `${places.conf}: no network is configured`;
  const networks = new Set(files.flatMap(({ network }) => network?.name ?? []));
  const name = first.path.slice(first.path.lastIndexOf("/") + 1);
  const counts = networks.size === 1 ? "" : `, of which Kubernetes' runtimes take ${name}: the first by name`;
  return `${places.conf}: ${plural(networks.size, "network")} in ${plural(files.length, "file")}${counts}`;
}

function seenExecutables({ executables }: Facts): string {
  if (executables.length === 0) return "no plugin is named";
  const owners = new Map<string, string[]>();
  for (const { type, about, path, versions } of executables) {
    if (path === undefined || versions === undefined) continue;
    const whose = whoseIs(about);
    owners.set(whose, [...(owners.get(whose) ?? []), type]);
  }
  const parts = [...owners].map(([whose, types]) => `${types.join(", ")} (${whose})`);
  return `${plural(executables.length, "plugin")}: ${parts.join("; ") || "none can be run"}`;
}

/** By what a plugin says of itself: "CNI bridge plugin v1.10.0" of the reference, "…+berth.0.1.0" of berth. */
function whoseIs(about = "unknown"): string {
  const release = about.replace(/^CNI .* plugin /, "");
  if (about === "berth" || release === about) return about;
  return release.includes("+berth") ? `another berth, ${release}` : `the reference's ${release}`;
}

function seenKernel({ kernel, chains }: Facts): string {
  const families = [kernel.forwards4 ? "IPv4" : "", kernel.forwards6 ? "IPv6" : ""].filter(Boolean);
  const forwards = families.length === 0 ? "forwards nothing" : `forwards ${families.join(" and ")}`;
  const hooked = chains.filter(({ base }) => base);
  return `${forwards}; ${plural(hooked.length, "chain")} of others in the way of containers`;
}

function seenBridges({ networks, links }: Facts): string {
  const names = new Set(networks.flatMap(({ bridge }) => bridge?.bridge ?? []));
  const there = links.filter(({ name, kind }) => kind === "bridge" && names.has(name));
  const ports = links.filter(({ master }) => there.some(({ index }) => index === master));
  return `${plural(there.length, "bridge")} with ${plural(ports.length, "port")}`;
}

function seenLeases({ leases, networks }: Facts): string {
  const using = networks.filter(({ dataDir }) => dataDir !== undefined);
  return `${plural(leases.length, "lease")} in ${plural(using.length, "network")} with host-local`;
}

function seenRules({ attachments }: Facts): string {
  const mapped = attachments.reduce((sum, { mappings }) => sum + mappings.length, 0);
  const asked = attachments.filter(({ life, cached }) => life.is === "alive" && cached).length;
  return `of ${plural(asked, "container")}, with ${plural(mapped, "published port")}`;
}

function seenContainers({ attachments }: Facts): string {
  const inside = attachments.filter((one) => one.inside).length;
  return `${plural(attachments.length, "container")}, ${inside} looked into`;
}
