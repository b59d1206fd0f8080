import { Command, InvalidArgumentError, Option } from "commander";
import { realtime, sleep } from "#sys";
import { EPIPE, isErrno, isSignal } from "../../base/errno.ts";
import type { CallRecord } from "../../spec/call-record.ts";
import type { Define } from "../define.ts";
import { isWanted, sinceTime } from "../log/filter.ts";
import { readLog, recordsOf, Tail } from "../log/lines.ts";
import { rowOf, showRecords } from "../log/show.ts";
import { configuredLogs } from "../log/target.ts";
import { styleOf } from "../output/style.ts";
import { confOf, withConf } from "../places.ts";
import { failed, type Outcome, printed, type World } from "../world.ts";

const HELP = `
Without FILE: what BERTH_LOG says, else the one file that the networks in --conf name.

The log is off until it is asked for:
  "berth": { "log": "/var/log/berth.log" }   in a plugin's configuration: its calls
  BERTH_LOG=/var/log/berth.log               in the environment of the runtime: the calls of all plugins
What is in it: docs/log.md.

Examples:
  berth log --since 10m --failed        # what went wrong in the last ten minutes
  berth log --container 3f2a            # one container's calls, by the beginning of its id, or its pod's name
  berth log --follow --network mynet    # as they come, until Ctrl-C
  berth log -o json | jq .phases
`;

interface Options {
  readonly since?: string;
  readonly network?: string;
  readonly container?: string;
  readonly plugin?: string;
  readonly failed?: boolean;
  readonly follow?: boolean;
  readonly last: number;
  readonly conf?: string;
  readonly output: "table" | "json";
}

export const logCommand: Define = (world, finish) =>
  withConf(new Command("log"))
    .description("show the log of the plugins' calls, where one is kept")
    .argument("[file]", "the log")
    .option("--since <time>", "of calls since then: 10m, 2h, 1d, or 2026-11-29T20:58 (UTC)", since)
    .option("--network <name>", "of this network")
    .option("--container <id>", "of this container: the beginning of its id, or its pod's name")
    .option("--plugin <name>", "of this plugin")
    .option("--failed", "of calls that failed")
    .option("--last <n>", "the last so many of them", count, 1000)
    .option("-f, --follow", "and what comes, until Ctrl-C")
    .addOption(
      new Option("-o, --output <form>", "in which form; json: a record a line, as in the file")
        .choices(["table", "json"])
        .default("table"),
    )
    .addHelpText("after", HELP)
    .action((file: string | undefined, options: Options) => {
      const paths = file ? [file] : logsOf(world, confOf(options, world));
      const [path, another] = paths;
      if (path === undefined) return finish(failed(`berth log: no log is kept: ${SWITCH_ON}\n`));
      if (another !== undefined) return finish(failed(`berth log: there are some, name one: ${paths.join(", ")}\n`));
      finish(shown(path, options, world));
    });

const SWITCH_ON = `"berth": { "log": "/var/log/berth.log" } in a plugin's configuration, or BERTH_LOG in the runtime's environment, switches it on`;

function since(text: string): string {
  const time = sinceTime(text, realtime());
  if (time === undefined) throw new InvalidArgumentError("It is 90s, 10m, 2h, 1d or a time: 2026-11-29T20:58.");
  return time;
}

function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It is a whole number above 0.");
  return Number(text);
}

function logsOf({ env }: World, confDir: string): string[] {
  const own = env.get("BERTH_LOG");
  return own ? [own] : configuredLogs(confDir);
}

function shown(path: string, options: Options, world: World): Outcome {
  const { since, network, container, plugin, failed: bad = false, output, last } = options;
  const wanted = (record: CallRecord) => isWanted(record, { since, network, container, plugin, failed: bad });
  const style = styleOf(world);
  const lines = (records: readonly CallRecord[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");
  const rows = (records: readonly CallRecord[]) =>
    records.map((record) => `${rowOf(record, style).join("   ")}\n`).join("");
  // Opened before the rest is read: a record is rather shown twice than not at all.
  const tail = options.follow ? new Tail(path) : undefined;
  const records = readLog(path, last, wanted);
  const shownNow = printed(output === "json" ? lines(records) : showRecords(records, style));
  const text = output === "json" ? lines : rows;
  return tail
    ? { ...shownNow, rest: (write) => follow(tail, (more) => write(text(recordsOf(more).filter(wanted)))) }
    : shownNow;
}

/** Milliseconds between two looks at the file. */
const PAUSE = 250;

/** Until somebody interrupts it, or nobody reads any more. */
function follow(tail: Tail, show: (lines: string) => void): undefined {
  try {
    for (;;) {
      const more = tail.next();
      if (more === "") sleep(PAUSE);
      else show(more);
    }
  } catch (error) {
    if (!isSignal(error) && !isErrno(error, EPIPE)) throw error;
  } finally {
    tail.close();
  }
}
