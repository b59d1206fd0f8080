import type { Command } from "commander";
import type { World } from "../world.ts";
import { styleOf } from "./style.ts";

/** Help as wide as the terminal, with its titles in bold; what a command takes is in its own. */
export function styled(command: Command, world: World): Command {
  const style = styleOf(world);
  return command
    .configureHelp({
      subcommandTerm: (one) => one.name(),
      helpWidth: Math.min(world.stream("stdout").columns, 120),
      styleTitle: style.bold,
    })
    .configureOutput({ getOutHasColors: () => true, getErrHasColors: () => true });
}
