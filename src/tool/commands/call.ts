/** The commands that cnitool has: `berth add NETWORK NETNS` and its like. */
import { Command } from "commander";
import { addList } from "../../invoke/add.ts";
import { checkList } from "../../invoke/check.ts";
import { delList } from "../../invoke/del.ts";
import { escaped } from "../../invoke/go/json.ts";
import type { NetworkResult } from "../../invoke/result.ts";
import { encodeResult } from "../../invoke/result-read.ts";
import { statusOfList } from "../../invoke/status.ts";
import { type CallFlags, withCallOptions } from "../call/options.ts";
import { type Act, guarded, hostOf, perform } from "../call/perform.ts";
import { rehearsal } from "../call/rehearsal.ts";
import { replay } from "../call/replay.ts";
import { type Wanted, wantedOf } from "../call/wanted.ts";
import type { Define } from "../define.ts";
import { EXIT, failed, type World } from "../world.ts";

interface Verb {
  readonly name: "add" | "check" | "del" | "status";
  readonly does: string;
  readonly examples: string;
  act(wanted: Wanted, flags: CallFlags & { rollback?: boolean }, world: World): Omit<Act<unknown>, "verb">;
}

const ADD: Verb = {
  name: "add",
  does: "join a network namespace to a network: ADD of its plugins; prints the result",
  examples: `
  berth add mynet /run/netns/c1
  berth add mynet c1 --id web-0 --timings
  berth add mynet c1 --dry-run                    # what it would do, as commands
  berth add mynet c1 --trace --save calls.json    # what each plugin was told, did and answered
  berth add --replay calls.json                   # the same calls again`,
  act: ({ list, attachment, setting }, { rollback = true }, { called }) => ({
    steps: () => addList(list, attachment, setting, { rollback: rollback && called !== "cnitool" }),
    print: (result) => resultText(result as NetworkResult | undefined),
  }),
};

const CHECK: Verb = {
  name: "check",
  does: "ask the plugins whether an attachment is as ADD left it: CHECK",
  examples: `
  berth check mynet /run/netns/c1`,
  act: ({ list, attachment, setting }) => ({ steps: () => checkList(list, attachment, setting), print: nothing }),
};

const DEL: Verb = {
  name: "del",
  does: "take a network namespace out of a network: DEL of its plugins, the last first",
  examples: `
  berth del mynet /run/netns/c1
  berth del mynet "" --id web-0                   # the namespace is gone already`,
  act: ({ list, attachment, setting }) => ({ steps: () => delList(list, attachment, setting), print: nothing }),
};

const STATUS: Verb = {
  name: "status",
  does: "ask the plugins of a network whether an ADD can succeed: STATUS (since CNI 1.1.0)",
  examples: `
  berth status mynet`,
  act: ({ list, setting }) => ({ steps: () => statusOfList(list, setting), print: nothing }),
};

export const addCommand = callCommand(ADD);
export const checkCommand = callCommand(CHECK);
export const delCommand = callCommand(DEL);
export const statusCommand = callCommand(STATUS);

function callCommand(verb: Verb): Define {
  return (world, finish) => {
    const command = withCallOptions(new Command(verb.name).description(verb.does));
    if (verb === ADD)
      command.option("--no-rollback", "leave what the plugins before a failing one did, as libcni does");
    const run = (network = "", netns = "", _: readonly string[], flags: CallFlags) => {
      if (flags.replay !== undefined) {
        const { replay: file } = flags;
        return guarded(() => replay(file, hostOf(flags, world, [])), flags, verb.name);
      }
      const lacking = lack(verb, network, netns, world);
      if (lacking !== undefined) return failed(`${world.called} ${verb.name}: ${lacking}\n`, EXIT.usage);
      return guarded(() => done(verb, wantedOf(network, netns, flags, world), flags, world), flags, verb.name);
    };
    return command
      .addHelpText("after", `\nExamples:${verb.examples}\n`)
      .action((...words: Parameters<typeof run>) => finish(run(...words)));
  };
}

function done(verb: Verb, wanted: Wanted, flags: CallFlags, world: World) {
  if (flags.dryRun) return rehearsal(verb.name, wanted, flags, world);
  return perform({ ...verb.act(wanted, flags, world), verb: verb.name }, flags, world);
}

/** STATUS is about no namespace; a DEL may be told that it is gone (""), if it has the container's ID. */
function lack({ name }: Verb, network: string, netns: string, { called }: World): string | undefined {
  if (network === "") return `which network? ${called} ${name} NETWORK NETNS`;
  if (netns === "" && name !== "status" && name !== "del") {
    return `which network namespace? ${called} ${name} ${network} NETNS, as in /run/netns/c1`;
  }
  return undefined;
}

const nothing = () => "";

/** As libcni prints it, with four blanks for each level; and an end of line. */
function resultText(result: NetworkResult | undefined): string {
  return result ? `${escaped(JSON.stringify(JSON.parse(encodeResult(result)), null, 4))}\n` : "";
}
