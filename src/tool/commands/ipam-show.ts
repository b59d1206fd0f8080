import { Command } from "commander";
import type { Define } from "../define.ts";
import { type AskOptions, askLeases } from "../ipam/ask.ts";
import { leasesNamed } from "../ipam/named.ts";
import { poolsJson, poolsText } from "../ipam/print.ts";
import type { PoolView } from "../ipam/survey.ts";
import { jsonText } from "../output/json.ts";
import { styleOf } from "../output/style.ts";
import { withPlaces } from "../places.ts";
import { EXIT, failed, type Outcome, type World } from "../world.ts";

interface Options extends AskOptions {
  readonly container?: string;
  readonly minFree?: string;
  readonly output?: string;
}

export const ipamShowCommand: Define = (world, finish) =>
  withPlaces(new Command("show"))
    .description("who has which address, for how long, and how full the pools are")
    .argument("[network]", "only of this one")
    .option("-c, --container <word>", "only of a container or pod: id, name, NAMESPACE/NAME or address")
    .option("--min-free <count>", "end with 1 when a range has fewer free addresses: for monitors")
    .option("--no-names", "ask no runtime for the containers' names")
    .option("-o, --output <format>", "json, or wide: ids in full")
    .addHelpText("after", HELP)
    .action((network: string | undefined, options: Options) => finish(show(world, network, options)));

const HELP = `
States: live; stale (its interface or namespace is gone), dead boot (made before the last boot) and garbled (its file names
nobody), which an ADD takes when the pool is full (stale ones of berth after ten minutes); reference (made by the reference plugin, and nothing
says whether it lives); unknown. STATUS does not tell of a full pool: --min-free does.

Examples:
  berth ipam show
  berth ipam show mynet -c default/web-0
  berth ipam show --min-free 10 --no-names >/dev/null || echo "a pool is nearly full"

Exit status: 0; 1 with --min-free, a range has fewer; 2 the command line is wrong, or there is no such network.
`;

function show(world: World, network: string | undefined, options: Options): Outcome {
  const { container, output } = options;
  const least = leastOf(options.minFree);
  if (least === undefined) return failed(`berth ipam show: --min-free ${options.minFree} is no number\n`, EXIT.usage);
  if (output !== undefined && output !== "json" && output !== "wide")
    return failed(`berth ipam show: -o ${output}: only json or wide\n`, EXIT.usage);
  const { pools, warnings } = askLeases(world, network, options);
  if (pools.length === 0) return failed(noPool(network), network === undefined ? EXIT.ok : EXIT.usage);
  const wanted = container === undefined ? pools : pools.map((view) => only(view, container));
  const text = output === "json" ? jsonText(poolsJson(wanted)) : poolsText(wanted, styleOf(world), output === "wide");
  const code = pools.some(({ ranges }) => ranges.some(({ free }) => free < least)) ? EXIT.failed : EXIT.ok;
  return { code, stdout: text, stderr: warnings.map((line) => `${line}\n`).join("") };
}

/** 0 without the option, undefined for what is no number. */
export function leastOf(count: string | undefined): number | undefined {
  if (count === undefined) return 0;
  return /^\d{1,15}$/.test(count) ? Number(count) : undefined;
}

const only = (view: PoolView, word: string): PoolView => ({ ...view, leases: leasesNamed(view.leases, word) });

/** That no network, or none of that name, has host-local for its IPAM. */
export function noPool(network: string | undefined): string {
  const which = network === undefined ? "no network" : `no network "${network}"`;
  return `berth ipam: ${which} with IPAM host-local is configured or cached: --conf and --cache-dir say where to look\n`;
}
