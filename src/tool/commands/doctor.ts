import { Command, Option } from "commander";
import { monotonic } from "#sys";
import type { Define } from "../define.ts";
import { diagnose, type GroupReport } from "../doctor/doctor.ts";
import { gather } from "../doctor/gather/gather.ts";
import { reportText } from "../doctor/report.ts";
import { jsonText } from "../output/json.ts";
import { styleOf } from "../output/style.ts";
import { type PlaceOptions, pathOf, placesOf, withPath, withPlaces } from "../places.ts";
import { SOCKET } from "../svc/berthd.ts";
import { EXIT, type Outcome, printed, type World } from "../world.ts";

interface Options extends PlaceOptions {
  readonly output?: string;
  readonly verbose?: boolean;
  readonly socket: string;
}

const HELP = `
Exit status: 0 nothing is wrong, or warnings alone; 1 an error was found; 2 the command line is wrong.
A line of a mend that begins with # is for a person to decide. Nothing is changed by doctor itself.

Examples:
  berth doctor                         # all networks of /etc/cni/net.d
  berth doctor mynet                   # one of them, also one of which only containers are left
  berth doctor -o json                 # for programs: groups, findings, what could not be seen
`;

export const doctorCommand: Define = (world, finish) =>
  withPath(withPlaces(new Command("doctor")))
    .description("say what is wrong with the networks of this node, and what mends it")
    .argument("[network]", "the network's name; all when absent")
    .option("--socket <path>", "where berthd answers, if it runs", SOCKET)
    .option("--verbose", "print what was looked at, one by one")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["json"]))
    .addHelpText("after", HELP)
    .action((network: string | undefined, options: Options) => finish(doctor(world, network, options)));

function doctor(world: World, network: string | undefined, options: Options): Outcome {
  const started = monotonic();
  const places = placesOf(options, world);
  const facts = gather({
    places,
    path: pathOf(options, world),
    network,
    plugins: world.about.plugins,
    socket: options.socket,
  });
  if (network !== undefined && facts.networks.length === 0) return unknown(network, places.conf, places.cache);
  const reports = diagnose(facts);
  const code = hasErrors(reports) ? EXIT.failed : EXIT.ok;
  const { unseen } = facts;
  if (options.output === "json") return printed(jsonText({ groups: reports, unseen }), code);
  return printed(
    reportText(reports, facts, styleOf(world), {
      milliseconds: monotonic() - started,
      isVerbose: options.verbose === true,
    }),
    code,
  );
}

const hasErrors = (reports: readonly GroupReport[]): boolean =>
  reports.some(({ findings }) => findings.some(({ severity }) => severity === "error"));

function unknown(network: string, conf: string, cache: string): Outcome {
  const stderr = `berth: there is no network "${network}" in ${conf}, and no container of one in ${cache}/results: --conf and --cache-dir name other directories\n`;
  return { code: EXIT.usage, stdout: "", stderr };
}
