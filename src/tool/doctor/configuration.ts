/** The files of the configuration directory: which counts, and what of them cannot be read. */
import type { Finding } from "../finding.ts";
import type { ConfFile } from "../node/networks.ts";
import type { Facts } from "./facts.ts";
import { checkKeys } from "./keys.ts";
import { checkOverlaps } from "./overlaps.ts";
import { putAside } from "./text/json-edit.ts";
import { flawOf, mended, placeOf } from "./text/json-flaw.ts";
import { editCommand } from "./text/shell.ts";
import { checkValues } from "./values.ts";

export function checkConfiguration(facts: Facts): Finding[] {
  const found = [
    ...facts.files.flatMap((file) => (file.network ? [] : unreadable(file))),
    ...checkNames(facts),
    ...checkKeys(facts),
    ...checkValues(facts),
    ...checkOverlaps(facts),
  ];
  return [...found, ...checkRefusals(facts, found)];
}

/** Of the files that runtimes take by their names, the one that they take: the first. */
export const winner = (files: readonly ConfFile[]): ConfFile | undefined => files.find(({ network }) => network);

function unreadable({ path, text, wrong = "" }: ConfFile): Finding[] {
  const consequence = "runtimes pass it over or refuse to start: its network is not there for them";
  if (text === undefined) {
    const mend = [`# make it readable, or take it out of use:`, putAside(path)];
    return [{ severity: "error", what: `${path} cannot be read`, evidence: wrong, consequence, mend }];
  }
  const flaw = flawOf(text);
  if (!flaw) {
    const mend = [`# correct it (\${EDITOR:-vi} ${path}), or take it out of use:`, putAside(path)];
    return [{ severity: "error", what: `${path} is no network configuration`, evidence: wrong, consequence, mend }];
  }
  const { line, column } = placeOf(text, flaw.at);
  const better = mended(text);
  const edit = better === undefined ? undefined : editCommand(path, text, better);
  return [
    {
      severity: "error",
      what: `${path} is not JSON`,
      evidence: `${path}:${line}:${column}: ${flaw.why}: ${(text.split("\n")[line - 1] ?? "").trim().slice(0, 80)}`,
      consequence,
      mend: edit
        ? [edit]
        : [`# correct line ${line} (\${EDITOR:-vi} +${line} ${path}), or take it out of use:`, putAside(path)],
    },
  ];
}

/** Two files for one network. */
function checkNames({ files }: Facts): Finding[] {
  const byName = new Map<string, ConfFile[]>();
  for (const file of files) {
    const name = file.network?.name;
    if (name !== undefined) byName.set(name, [...(byName.get(name) ?? []), file]);
  }
  return [...byName].flatMap(([name, [first, ...others]]) =>
    others.map((other) => ({
      severity: "error" as const,
      what: `two files configure network ${name}`,
      evidence: `"name" is ${JSON.stringify(name)} in ${first?.path} and in ${other.path}`,
      consequence: `${other.path} never counts where the first is taken; a DEL or CHECK by the other's configuration misses what the ADD made`,
      mend: [
        `# keep the one that is meant (a network of its own needs a name and addresses of its own); to keep ${first?.path}:`,
        putAside(other.path),
      ],
    })),
  );
}

/** What plugins themselves say that stands in the way of every ADD, where no other check has said it. */
function checkRefusals({ networks }: Facts, found: readonly Finding[]): Finding[] {
  return networks.flatMap(({ name, file, refusal }) => {
    const isTold = found.some(({ evidence }) => file && evidence.includes(file.path));
    // What the machine lacks, the other groups tell with its mend.
    if (!refusal || !file || isTold || !OF_CONFIGURATION.includes(refusal.code)) return [];
    return {
      severity: "error" as const,
      what: `${refusal.plugin} refuses the configuration of network ${name}`,
      evidence: `${file.path}: STATUS of ${refusal.plugin} says: ${refusal.message}`,
      consequence: `no container gets into network ${name}`,
      mend: [
        `# ${refusal.details || "correct the configuration"} (\${EDITOR:-vi} ${file.path}), or take the network out of use:`,
        putAside(file.path),
      ],
    };
  });
}

/** Codes of the spec: invalid configuration, decoding failure; 4 of CNI_ARGS. */
const OF_CONFIGURATION = [6, 7];
