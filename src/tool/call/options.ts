import type { Command } from "commander";

/** What all commands that call plugins are told, besides the network and the namespace. Undefined: not said. */
export interface CallFlags {
  readonly ifname?: string;
  readonly id?: string;
  readonly args?: string;
  readonly cap?: string;
  readonly conf?: string;
  readonly path?: string;
  readonly cacheDir?: string;
  readonly output?: string;
  readonly timeout?: string;
  readonly dryRun?: boolean;
  readonly timings?: boolean;
  readonly trace?: boolean;
  readonly save?: string;
  readonly replay?: string;
}

/** Gives a command the network and the namespace as arguments, and those options. */
export function withCallOptions(command: Command): Command {
  return command
    .usage(command.name() === "gc" || command.name() === "status" ? "[options] NETWORK" : "[options] NETWORK NETNS")
    .argument("[network]", "name of the network, as its configuration has it")
    .argument("[netns]", "the container's network namespace: a path, or a name that ip netns knows")
    .argument("[more...]", "ignored, as cnitool does")
    .option("-i, --ifname <name>", 'interface in the container; CNI_IFNAME or "eth0" without it')
    .option("--id <id>", "container ID; without it one that is made of the namespace's path, as cnitool does")
    .option("--args <pairs>", "CNI_ARGS: KEY=VALUE;KEY=VALUE; the variable without it")
    .option("--cap <json>", "capability arguments as a JSON object; CAP_ARGS without it")
    .option("--conf <path>", "directory of the configurations, or one file; NETCONFPATH or /etc/cni/net.d without it")
    .option("--path <directories>", "where the plugins are, with : between; CNI_PATH or /opt/cni/bin without it")
    .option("--cache-dir <directory>", "where results are remembered; /var/lib/cni without it")
    .option("--timeout <seconds>", "how long each plugin may take; no limit without it")
    .option("-o, --output <format>", "json: errors too are printed on stdout, as JSON")
    .option("--timings", "say on stderr how long each plugin took")
    .option("--trace", "say on stderr what each plugin was told, did (as commands) and answered")
    .option("--save <file>", "write the calls and answers to a file, for --replay")
    .option(
      "--replay <file>",
      "make the calls that --save wrote again, and compare the answers; no network is named then",
    )
    .option("--dry-run", "change nothing: print the commands (ip, nft, sysctl) that it would equal");
}
