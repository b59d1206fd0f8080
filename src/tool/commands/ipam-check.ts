import { Command } from "commander";
import type { Define } from "../define.ts";
import type { Finding } from "../finding.ts";
import { type AskOptions, askLeases } from "../ipam/ask.ts";
import { checkPools } from "../ipam/check.ts";
import { jsonText } from "../output/json.ts";
import { type Style, styleOf } from "../output/style.ts";
import { withPlaces } from "../places.ts";
import { EXIT, failed, type Outcome, type World } from "../world.ts";
import { leastOf, noPool } from "./ipam-show.ts";

interface Options extends AskOptions {
  readonly minFree?: string;
  readonly output?: string;
}

export const ipamCheckCommand: Define = (world, finish) =>
  withPlaces(new Command("check"))
    .description("hold the leases against what lives: stale, double, garbled, missing, outside of the ranges")
    .argument("[network]", "only of this one")
    .option("--min-free <count>", "a range with fewer free addresses is wrong, too")
    .option("--no-names", "ask no runtime for the containers' names")
    .option("-o, --output <format>", "json")
    .addHelpText("after", HELP)
    .action((network: string | undefined, options: Options) => finish(check(world, network, options)));

const HELP = `
Each finding ends with the commands that mend it.

Examples:
  berth ipam check
  berth ipam check mynet --min-free 10 -o json

Exit status: 0 all is well; 1 something is wrong; 2 the command line is wrong, or there is no such network.
`;

function check(world: World, network: string | undefined, options: Options): Outcome {
  const { output } = options;
  const least = leastOf(options.minFree);
  if (least === undefined) return failed(`berth ipam check: --min-free ${options.minFree} is no number\n`, EXIT.usage);
  if (output !== undefined && output !== "json")
    return failed(`berth ipam check: -o ${output}: only json\n`, EXIT.usage);
  const { pools, warnings } = askLeases(world, network, options);
  if (pools.length === 0) return failed(noPool(network), network === undefined ? EXIT.ok : EXIT.usage);
  const findings = checkPools(pools, least);
  const code = findings.length > 0 ? EXIT.failed : EXIT.ok;
  const leases = pools.reduce((sum, { leases }) => sum + leases.length, 0);
  const well = `${leases} leases of ${pools.length} networks: all is well\n`;
  const text = findings.map((one) => findingText(one, styleOf(world))).join("\n") || well;
  const stdout = output === "json" ? jsonText({ findings }) : text;
  return { code, stdout, stderr: warnings.map((line) => `${line}\n`).join("") };
}

function findingText({ severity, what, evidence, consequence, mend }: Finding, style: Style): string {
  const word = severity === "error" ? style.red("error") : style.yellow("warning");
  const commands = mend.map((command) => `  ${style.bold(command)}\n`).join("");
  return `${word}: ${what}\n  ${evidence}\n  ${consequence}\n${commands}`;
}
