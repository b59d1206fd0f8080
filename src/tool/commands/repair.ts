import { Command } from "commander";
import { Explained } from "../../base/explained.ts";
import type { Define } from "../define.ts";
import { CACHE_DIRECTORY, readAttachments } from "../node/cache.ts";
import { underNodeLock } from "../node-lock.ts";
import { jsonText } from "../output/json.ts";
import { type Repaired, repair } from "../repair.ts";
import { EXIT, failed, type Outcome, type World } from "../world.ts";

interface Options {
  readonly all?: boolean;
  readonly cacheDir: string;
  readonly quiet?: boolean;
  readonly output?: string;
}

export const repairCommand: Define = (world, finish) =>
  new Command("repair")
    .description("put back the rules of live attachments after a flush or firewall reload")
    .argument("[network]", "the network's name")
    .option("-a, --all", "of all networks")
    .option("-q, --quiet", "print nothing but what failed")
    .option("-o, --output <format>", "json")
    .option("--cache-dir <directory>", "where the runtime keeps its CNI results", CACHE_DIRECTORY)
    .addHelpText("after", HELP)
    .action((network: string | undefined, options: Options) => finish(repairCached(world, network, options)));

const HELP = `
Masquerading, spoof check, published ports, firewall, and what shapes a link (bandwidth): of each attachment that libcni's
cache knows and whose interface is there, what is missing is made again; what is there stays as it is. The networks of other
plugins are passed over. It can be run at any time, and as often as you like.

Examples:
  berth repair mynet          # after nft flush ruleset
  berth repair --all -q       # in a hook of a firewall: see conf/hooks

Exit status: 0 all is there, or is back; 1 something could not be put back; 2 the command line is wrong.
`;

function repairCached(world: World, network: string | undefined, options: Options): Outcome {
  const { all, cacheDir, output } = options;
  if ((network === undefined) === !all) return failed("berth repair: name one network, or say --all\n", EXIT.usage);
  if (output !== undefined && output !== "json") return failed(`berth repair: -o ${output}: only json\n`, EXIT.usage);
  const warnings: string[] = [];
  try {
    const repaired = underNodeLock(() =>
      repair(
        world.about.plugins,
        readAttachments(cacheDir, network, (line) => warnings.push(line)),
        (line, cached) => warnings.push(`${titleOf(cached, all)}: ${line}`),
      ),
    );
    return told(repaired, warnings, network, options);
  } catch (error) {
    if (!(error instanceof Explained)) throw error;
    return failed(`berth repair: ${error.message}; ${error.details}\n`);
  }
}

function told(
  repaired: readonly Repaired[],
  warnings: readonly string[],
  network: string | undefined,
  { all, cacheDir, quiet, output }: Options,
): Outcome {
  const line = (one: Repaired) => `${titleOf(one, all)}: ${wordsOf(one)}\n`;
  const isFailed = ({ outcome }: Repaired) => outcome === "failed";
  const code = repaired.some(isFailed) ? EXIT.failed : EXIT.ok;
  const said = warnings.map((text) => `${text}\n`).join("");
  if (output === "json") return { code, stdout: jsonText({ attachments: repaired, warnings }), stderr: "" };
  if (quiet) return { code, stdout: "", stderr: repaired.filter(isFailed).map(line).join("") };
  const which = network === undefined ? "no attachment" : `no attachment of "${network}"`;
  const lines = repaired.map(line).join("");
  return { code, stdout: lines || `${which} in ${cacheDir}/results\n`, stderr: said };
}

function titleOf({ owner }: Pick<Repaired, "owner">, all: boolean | undefined): string {
  const { network, containerId, ifname } = owner;
  return all ? `${network} ${containerId} ${ifname}` : `${containerId} ${ifname}`;
}

function wordsOf({ outcome, details }: Repaired): string {
  switch (outcome) {
    case "complete":
      return "complete";
    case "restored":
      return `put back (${details.join("; ")})`;
    case "none":
      return "its network asks for no rules";
    case "gone":
      return "its interface is gone: nothing is put back";
    case "failed":
      return `failed: ${details.join("; ")}`;
  }
}
