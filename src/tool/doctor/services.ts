import type { NamedDifference } from "../../service/operate/compare.ts";
import type { Finding } from "../finding.ts";
import type { BerthdStatus, Facts, ServiceFacts, StaleSource } from "./facts.ts";
import { command } from "./text/shell.ts";

/** Services: whether berthd follows its sources, and whether the kernel has what it has. */

type Answering = Extract<ServiceFacts["berthd"], { is: "answering" }>;

export function seenServices({ services }: Facts): string {
  if (services?.berthd.is !== "answering") return "berthd does not answer";
  const { version, services: count, applied } = services.berthd.status;
  return `berthd ${version}: ${count} ${count === 1 ? "service" : "services"}, revision ${applied} in the kernel`;
}

export function checkServices({ services }: Facts): Finding[] {
  if (!services) return [];
  const { berthd } = services;
  if (berthd.is === "unseen") return [];
  if (berthd.is === "answering")
    return [...checkSources(berthd), ...checkStale(berthd), ...checkDifferences(berthd), ...checkConflicts(berthd)];
  return [silent(services, berthd)];
}

const START = command("systemctl", "start", "berthd");

function silent({ socket, tables }: ServiceFacts, berthd: Exclude<ServiceFacts["berthd"], Answering>): Finding {
  const rules = tables.length > 0;
  const consequence = rules
    ? "the rules of services are as it left them: clients are still led to endpoints that have gone since"
    : "there are no rules of services: no service address leads anywhere";
  const about = { consequence, severity: berthd.is === "absent" ? "warning" : "error" } as const;
  const evidence = `nft list tables: ${rules ? tables.map((one) => `${one} berth-services`).join(", ") : "none of berth-services"}`;
  if (berthd.is === "stopped") {
    const what = `berthd is stopped by a signal (process ${berthd.pid})`;
    // Then it has put right what changed meanwhile.
    const mend = [command("kill", "-CONT", berthd.pid), "sleep 2"];
    return { ...about, what, evidence: `/proc/${berthd.pid}/stat: state T; ${evidence}`, mend };
  }
  if (berthd.is === "hanging") {
    const what = "berthd takes questions and does not answer";
    const mend = [command("systemctl", "restart", "berthd")];
    return { ...about, what, evidence: `${socket}: nothing within 5 s; ${evidence}`, mend };
  }
  const why = berthd.is === "dead" ? "nobody listens there" : "no such socket";
  const mend = berthd.is === "dead" ? [START] : [START, "# or, if it is not to come back: berthd cleanup"];
  return { ...about, what: "berthd does not run", evidence: `${socket}: ${why}; ${evidence}`, mend };
}

/** What a source cannot read keeps what it said last. */
function checkSources({ status }: Answering): Finding[] {
  return Object.entries(status.problems).map(([name, lines]) => ({
    severity: "warning",
    what: `berthd cannot take all that its source ${name} has`,
    evidence: some(lines),
    consequence: "what the same file said last stays in force, or nothing where berthd was started since",
    mend: ["# mend what is named: berthd takes it at once"],
  }));
}

function checkConflicts({ status }: Answering): Finding[] {
  if (status.conflicts.length === 0) return [];
  return [
    {
      severity: "warning",
      what: "several services want the same address and port",
      evidence: some(status.conflicts),
      consequence: "who came first has it, the others are not reached there",
      mend: ["# give one of them another address or port"],
    },
  ];
}

const some = (lines: readonly string[]): string =>
  [...lines.slice(0, 3), ...(lines.length > 3 ? [`and ${lines.length - 3} more`] : [])].join("; ");

function checkStale({ status, stale }: Answering): Finding[] {
  // What it cannot read is told as its trouble.
  const isUnread = ({ name, path }: StaleSource) => status.problems[name]?.some((line) => line.startsWith(`${path}: `));
  return stale.flatMap((source) => (isUnread(source) ? [] : [staleFinding(source, status)]));
}

function staleFinding(source: StaleSource, status: BerthdStatus): Finding {
  return {
    severity: "error",
    what: `berthd has not taken what is in ${source.path}${filesText(source)}`,
    evidence: source.isElsewhere
      ? `the directory that berthd has there is another one: ${source.path} was replaced, or is mounted elsewhere for berthd`
      : `its source ${source.name} listed it ${source.age} s ago`,
    consequence: "services and endpoints that changed since are carried as they were",
    mend: [source.isElsewhere ? command("systemctl", "restart", "berthd") : reload(status)],
  };
}

const filesText = ({ files }: StaleSource): string =>
  files.length === 0
    ? ""
    : `: ${files.slice(0, 3).join(", ")}${files.length > 3 ? ` and ${files.length - 3} more` : ""}`;

/** It lists again, and puts right what is in the kernel. */
const reload = ({ pid }: BerthdStatus): string => command("kill", "-HUP", `${pid}`);

/** How many are told one by one. */
const TOLD = 20;

function checkDifferences({ status, differences = [] }: Answering): Finding[] {
  const told = differences.slice(0, TOLD).map((one) => differenceOf(one, status));
  const more = differences.length - told.length;
  const last = told.at(-1);
  if (more === 0 || !last) return told;
  return [
    ...told,
    { ...last, what: `${more} more are not the same in the store and in the kernel`, evidence: "berthd" },
  ];
}

function differenceOf({ what, says, evidence }: NamedDifference, status: BerthdStatus): Finding {
  return {
    severity: "error",
    what: `${what} is ${says}`,
    evidence,
    consequence: "clients are led elsewhere than they should be; berthd mends that within a second, unless it cannot",
    mend: [reload(status)],
  };
}
