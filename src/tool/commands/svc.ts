import { Command, Option } from "commander";
import { readFile } from "#sys";
import { EPIPE, isErrno, isSignal } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import type { Define } from "../define.ts";
import { table } from "../output/table.ts";
import { ask, follow, type Lines, queryOf, SOCKET } from "../svc/berthd.ts";
import { EXIT, failed, type Outcome, printed, type World } from "../world.ts";

interface Options {
  readonly socket: string;
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly output?: "json" | "yaml" | "wide";
  readonly watch?: boolean;
  readonly filename: string;
  readonly dryRun?: boolean;
}

const HELP = `
berthd has to run; who may write to its socket may ask. What it reads is in its directory of files, and apply writes there:
a file for each object. An object that another file has is left to whoever wrote that.

Examples:
  berth svc list -A
  berth svc get web -n shop -o json          # valid input of kubectl apply
  berth svc endpoints web --watch            # what this node leads to, as it changes
  kubectl get services,endpointslices -A -o json | berth svc apply -f -

Exit status: 0 done; 1 not done, or there is no such service; 2 the command line is wrong.
`;

export const svcCommand: Define = (world, finish) => {
  const one = (name: string, description: string, act: (options: Options, name?: string) => Outcome) =>
    new Command(name)
      .description(description)
      .option("-n, --namespace <name>", "of this namespace")
      .option("--socket <path>", "where berthd answers", SOCKET)
      .action((...given: unknown[]) => finish(told(() => act(given.at(-2) as Options, given.at(-3) as string))));
  const shown = (command: Command) =>
    command
      .option("-A, --all-namespaces", "of all namespaces")
      .addOption(new Option("-o, --output <format>", "how to print").choices(["json", "yaml", "wide"]))
      .option("-w, --watch", "and what changes, until Ctrl-C; as json: a change a line");
  const show = (of: "services" | "endpoints") => (options: Options, name?: string) => shownOf(world, of, options, name);
  const dry = (command: Command) => command.option("--dry-run", "say what would be done");
  return new Command("svc")
    .description("show and change the services that berthd carries traffic to")
    .addCommand(shown(one("list", "services", show("services"))))
    .addCommand(shown(one("get", "one service, or all", show("services")).argument("[name]", "the service's")))
    .addCommand(shown(one("endpoints", "what services lead to", show("endpoints")).argument("[name]", "the service's")))
    .addCommand(
      dry(
        one("apply", "make services and endpoints as a file says", (options) => apply(world, options)),
      ).requiredOption("-f, --filename <path>", "JSON or YAML in Kubernetes' shapes; -: what comes in"),
    )
    .addCommand(dry(one("delete", "remove one that was applied", remove).argument("<name>", "the service's")))
    .addHelpText("after", HELP);
};

function told(act: () => Outcome): Outcome {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Explained)) throw error;
    const lines = [...error.message.split("\n"), ...(error.details === "" ? [] : [error.details])];
    return failed(lines.map((line, i) => `${i === 0 ? "berth svc: " : "  "}${line}\n`).join(""));
  }
}

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function shownOf(world: World, of: string, options: Options, name?: string): Outcome {
  const { socket, output, watch, allNamespaces: isAll = false } = options;
  const namespace = isAll ? undefined : (options.namespace ?? "default");
  if (name !== undefined && isAll) return failed("berth svc: -A and a name exclude each other: -n\n", EXIT.usage);
  const isTable = output === undefined || output === "wide";
  const query = { namespace, name, wide: output === "wide", watch, format: isTable ? undefined : output };
  const target = `/${of}/${isTable ? "table" : "objects"}${queryOf(query)}`;
  if (watch) {
    if (output === "yaml") return failed("berth svc: --watch is told as a table or as json\n", EXIT.usage);
    const lines = follow(socket, { method: "GET", target });
    return {
      ...printed(""),
      rest: (write) => watched(world, lines, isTable ? rowsOf(isAll, write) : (line) => write(`${line}\n`)),
    };
  }
  const text = ask(socket, { method: "GET", target });
  if (!isTable) return printed(text);
  const { columns, rows } = JSON.parse(text) as Table;
  const where = isAll ? "" : ` in namespace ${namespace} (-A: in all)`;
  const stderr = rows.length > 0 ? "" : `no ${of}${where}\n`;
  const from = isAll ? 0 : 1;
  return {
    code: EXIT.ok,
    stdout: table(
      columns.slice(from),
      rows.map((row) => row.slice(from)),
    ),
    stderr,
  };
}

/** Takes lines of JSON and writes rows, as wide as the first ones, and before these the head. */
function rowsOf(isAll: boolean, write: (text: string) => void): (line: string) => void {
  const from = isAll ? 0 : 1;
  let head: readonly string[] = [];
  /** Of each column the widest cell of the first rows. */
  let widest: readonly string[] | undefined;
  return (line) => {
    const { columns = head, rows } = JSON.parse(line) as Partial<Table> & Pick<Table, "rows">;
    head = columns;
    const cut = rows.map((row) => row.slice(from));
    const lines = table(head.slice(from), widest ? [widest, ...cut] : cut);
    write(widest ? lines.split("\n").slice(2).join("\n") : lines);
    if (rows.length > 0) widest ??= head.slice(from).map((_, i) => widestOf(cut, i));
  };
}

function widestOf(rows: readonly (readonly string[])[], column: number): string {
  return rows.reduce((widest, { [column]: cell = "" }) => (cell.length > widest.length ? cell : widest), "");
}

/** Until somebody interrupts it, nobody reads any more, or berthd ends. */
function watched(world: World, lines: Lines, show: (line: string) => void): number {
  try {
    for (let some = lines.next(); some; some = lines.next()) for (const line of some) show(line);
  } catch (error) {
    if (isSignal(error) || isErrno(error, EPIPE)) return EXIT.ok;
    if (!(error instanceof Explained)) throw error;
  } finally {
    lines.close();
  }
  world.progress("berth svc: berthd has ended");
  return EXIT.failed;
}

/** What a file of many services has. */
const TEXT_MAX = 128 << 20;

function apply(world: World, { filename, namespace, socket, dryRun }: Options): Outcome {
  const body = filename === "-" ? world.stdin() : readFile(filename, TEXT_MAX);
  const query = queryOf({ from: filename === "-" ? "stdin" : filename, namespace, dryRun });
  return done(ask(socket, { method: "POST", target: `/apply${query}`, body }, APPLYING), dryRun);
}

/** Milliseconds: it reads all that it has before and after. */
const APPLYING = 60_000;

function remove({ namespace = "default", socket, dryRun }: Options, name = ""): Outcome {
  const path = `/services/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  return done(ask(socket, { method: "DELETE", target: `${path}${queryOf({ dryRun })}` }, APPLYING), dryRun);
}

interface Done {
  readonly results: readonly { readonly object: string; readonly result: string }[];
  readonly left: readonly string[];
}

function done(text: string, isDryRun = false): Outcome {
  const { results, left } = JSON.parse(text) as Done;
  const lines = results.map(({ object, result }) => `${object} ${result}${isDryRun ? " (dry run)" : ""}\n`);
  return { code: EXIT.ok, stdout: lines.join(""), stderr: left.map((line) => `${line}\n`).join("") };
}
