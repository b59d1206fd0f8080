import type { Finding } from "../finding.ts";
import type { Style } from "../output/style.ts";
import { DETAILS } from "./details.ts";
import type { GroupReport } from "./doctor.ts";
import type { Facts } from "./facts.ts";

const LABELS = ["evidence", "consequence", "mend"] as const;
const MARGIN = Math.max(...LABELS.map((label) => label.length)) + 4;
const NAME = 13;

/** A line for each group, then the findings with their four parts, then what could not be seen, and a sum. */
export function reportText(
  reports: readonly GroupReport[],
  facts: Facts,
  style: Style,
  { milliseconds, isVerbose }: { readonly milliseconds: number; readonly isVerbose: boolean },
): string {
  const findings = reports.flatMap((report) => report.findings);
  return [
    ...reports.flatMap((report) => [
      groupLine(report, style),
      ...(isVerbose ? (DETAILS[report.name]?.(facts) ?? []) : []).map((line) => style.dim(`  ${line}`)),
    ]),
    ...findings.map((finding) => `\n${findingText(finding, style)}`),
    ...unseenLines(facts, style),
    "",
    `${summary(findings)} (${facts.attachments.length} containers, ${Math.round(milliseconds)} ms)`,
    "",
  ].join("\n");
}

function groupLine({ name, seen, findings }: GroupReport, style: Style): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const state =
    findings.length === 0
      ? style.green("ok")
      : errors > 0
        ? style.red(countText(errors, findings.length - errors))
        : style.yellow(countText(0, findings.length));
  return `${style.bold(name.padEnd(NAME))}  ${seen}: ${state}`;
}

function countText(errors: number, warnings: number): string {
  const parts = [
    errors === 0 ? "" : `${errors} ${errors === 1 ? "error" : "errors"}`,
    warnings === 0 ? "" : `${warnings} ${warnings === 1 ? "warning" : "warnings"}`,
  ];
  return parts.filter(Boolean).join(", ");
}

/** As `berth explain` prints one, too. */
export function findingText({ severity, what, evidence, consequence, mend }: Finding, style: Style): string {
  const paint = severity === "error" ? style.red : style.yellow;
  const part = (label: (typeof LABELS)[number], text: string) => `  ${label.padEnd(MARGIN - 2)}${text}`;
  const [first = "", ...others] = mend;
  return [
    `${paint(`${severity}:`)} ${style.bold(what)}`,
    part("evidence", evidence),
    part("consequence", consequence),
    part("mend", first),
    ...others.map((line) => `${" ".repeat(MARGIN)}${line}`),
  ].join("\n");
}

function unseenLines({ unseen }: Facts, style: Style): string[] {
  if (unseen.length === 0) return [];
  return ["", style.yellow("not seen:"), ...unseen.map((line) => `  ${line}`)];
}

function summary(findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  return findings.length === 0 ? "nothing is wrong" : countText(errors, findings.length - errors);
}
