/** A failing case, for people. */
import type { Case } from "./case.ts";
import { describeStep } from "./case.ts";
import type { Outcome } from "./compare.ts";

export function describeFailure(one: Case, { taken, unexplained }: Outcome): string {
  if (!unexplained) return "";
  const { pair, differences } = unexplained;
  const lines = differences.slice(0, 12).map(({ path, berth, reference }) => {
    const show = (value: unknown) => (JSON.stringify(value) ?? "-").slice(0, 400);
    return `  ${path.join(" > ")}\n    berth:     ${show(berth)}\n    reference: ${show(reference)}`;
  });
  const more = differences.length > lines.length ? [`  … and ${differences.length - lines.length} more`] : [];
  const say = ({ status, code, message }: typeof pair.berth.answer) =>
    status === 0 ? "succeeded" : `exit ${status}, code ${code}: ${message}`;
  return [
    `plugin ${pair.one.plugin}, before: ${one.before.join(", ") || "nothing"}`,
    ...(one.list ?? [one.conf]).map((conf) => `conf: ${JSON.stringify(conf)}`),
    "calls:",
    ...taken.map((step) => `  ${describeStep(step)}`),
    `the last one: berth ${say(pair.berth.answer)}`,
    `              reference ${say(pair.reference.answer)}`,
    "unexplained:",
    ...lines,
    ...more,
  ].join("\n");
}
