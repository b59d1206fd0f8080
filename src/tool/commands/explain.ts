import { Command, Option } from "commander";
import type { Define } from "../define.ts";
import { parseAim, parsePort } from "../explain/aim.ts";
import { type Explanation, explainAttachment, explainNamespace, type Question } from "../explain/explain.ts";
import { findAnywhere } from "../explain/find.ts";
import { firstBad } from "../explain/hop.ts";
import { hopsText, verdictText } from "../explain/render.ts";
import { belongingsText } from "../explain/whose.ts";
import { PLACES, type Places, readNode } from "../node/node.ts";
import { jsonText } from "../output/json.ts";
import { styleOf } from "../output/style.ts";
import type { Container } from "../runtimes/container.ts";
import { askRuntimes } from "../runtimes/runtimes.ts";
import { EXIT, failed, type Outcome, printed, type World } from "../world.ts";

interface Options {
  readonly to?: string;
  readonly port?: string;
  readonly from: "host" | "outside";
  readonly whose?: true;
  readonly output?: "json";
  readonly confDir: string;
  readonly cacheDir: string;
}

const HELP = `
Examples:
  berth explain web                      # a container's id or its beginning, or a pod: NAME or NAMESPACE/NAME
  berth explain 10.88.0.7                # an address, an interface of the host (veth1a2b3c4d), a lease file
  berth explain /run/netns/test          # a network namespace
  berth explain web --to 10.88.0.9:5432  # to there, in place of somewhere off the machine
  berth explain web --port 8080          # why nobody reaches its published port
  berth explain :8080 --whose            # whose port of the host that is

One packet is sent from the container and followed through the rules by a table that nf_tables removes when this program ends,
however it ends. It is dropped before it would leave the machine or reach a program.

Exit status: 0 all hops work; 1 one does not; 2 the command line is wrong, or there is no such container.
`;

export const explainCommand: Define = (world, finish) =>
  new Command("explain")
    .description("follow a container's packets hop by hop, and name the first that is broken")
    .argument("<container>", "container, pod, address, interface, host port (:8080), lease file or network namespace")
    .option("--to <address[:port]>", "where the packet is to go: also ADDRESS:PORT/udp and ADDRESS/icmp")
    .option("--port <port>", "follow one that comes to this port of the host instead: also PORT/udp")
    .addOption(new Option("--from <place>", "from where that comes").choices(["host", "outside"]).default("outside"))
    .option("--whose", "say only whose it is, and what else is theirs; send nothing")
    .addOption(new Option("-o, --output <format>", "print as").choices(["json"]))
    .option("--conf-dir <directory>", "where the networks are configured", PLACES.conf)
    .option("--cache-dir <directory>", "where the runtime keeps its CNI results", PLACES.cache)
    .addHelpText("after", HELP)
    .action((word: string, options: Options) => finish(explain(word, options, world)));

function explain(word: string, options: Options, world: World): Outcome {
  const to = options.to === undefined ? undefined : parseAim(options.to);
  const port = options.port === undefined ? undefined : parsePort(options.port);
  const wrong = mistake(options, to, port);
  if (wrong) return failed(`berth: ${wrong}\n`, EXIT.usage);
  const places: Places = { conf: options.confDir, cache: options.cacheDir };
  const warnings: string[] = [];
  const node = readNode(places, undefined, (line) => void warnings.push(`berth: ${line}\n`));
  const question = {
    to,
    port: port && { ...port, from: options.from },
    whose: options.whose ?? false,
    path: pathOf(world),
  };
  const found = findAnywhere(word, node, () => containersOf(world));
  if (found.is === "nothing") return failed(nothingText(word, found.near, places), EXIT.usage);
  if (found.is === "ambiguous") {
    return failed(`berth: "${word}" is of several containers: ${found.names.join(", ")}\n`, EXIT.usage);
  }
  const explanations =
    found.is === "netns"
      ? [explainNamespace(found.path, question)]
      : found.attachments.map((attachment) => explainAttachment(attachment, question, world.about.plugins));
  return { ...outcome(explanations, options, world), stderr: warnings.join("") };
}

/** Those that have names in no cache. A runtime that does not answer takes seconds. */
function containersOf({ env, progress }: World): readonly Container[] {
  progress("asking the container runtimes …");
  return askRuntimes(env).containers;
}

/** What is wrong with the options; undefined when nothing. */
function mistake(options: Options, to: object | undefined, port: object | undefined): string | undefined {
  if (options.to !== undefined && !to) {
    return `--to: "${options.to}" is no address: expected ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT, with /tcp, /udp or /icmp`;
  }
  if (options.port !== undefined && !port) {
    return `--port: "${options.port}" is no port: expected 1 to 65535, with /tcp or /udp`;
  }
  return to && port ? "--to and --port are two ways of one packet: ask for one after the other" : undefined;
}

/** Where runtimes have the plugins, unless CNI_PATH says otherwise. */
const PLUGINS = "/opt/cni/bin";

function pathOf({ env }: World): Question["path"] {
  return (env.get("CNI_PATH") || PLUGINS).split(":").filter(Boolean);
}

function nothingText(word: string, near: readonly string[], { cache }: Places): string {
  const known = near.length > 0 ? `there is ${near.join(", ")}` : `the cache ${cache} knows of none`;
  return `berth: there is no container, pod, address, interface, port or namespace "${word}": ${known}\n`;
}

function outcome(explanations: readonly Explanation[], { output }: Options, world: World): Outcome {
  const bad = explanations.some(({ hops }) => firstBad(hops) !== undefined);
  const code = bad ? EXIT.failed : EXIT.ok;
  if (output === "json") return printed(jsonText({ explanations }), code);
  return printed(explanations.map((one) => textOf(one, world)).join("\n"), code);
}

function textOf({ belongings, aim, hops }: Explanation, world: World): string {
  const look = { style: styleOf(world), isTerminal: world.stream("stdout").isTerminal };
  const head = belongings ? belongingsText(belongings) : "";
  if (hops.length === 0) return head;
  const verdict = verdictText(hops, look);
  const all = hops.every(({ state }) => state === "ok") ? "every hop works" : "no hop is broken";
  const end = verdict || `${all}${aim ? ` on the way to ${aim}` : ""}\n`;
  return `${head}${head && "\n"}${aim ? `a packet to ${aim}:\n` : ""}${hopsText(hops, look)}\n${end}`;
}
