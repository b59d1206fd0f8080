import * as sys from "#sys";

/** What BERTH_TRACE asks for: every netlink message, or each change as the command that it equals. */
type Tracing = "messages" | "commands" | "nothing";

let tracing: Tracing | undefined;

/** BERTH_TRACE: "commands"; any other value but "" and "0": messages. */
export function traced(): Tracing {
  if (tracing !== undefined) return tracing;
  const value = sys.environ().find(([name]) => name === "BERTH_TRACE")?.[1] ?? "";
  tracing = value === "commands" ? "commands" : value === "" || value === "0" ? "nothing" : "messages";
  return tracing;
}

/** What a line of a told command begins with, on stderr: whoever asked for it takes it out from among other lines. */
export const TOLD = "+ ";

/** Is told of each change that was done, as a shell command. */
export type Teller = (command: string) => void;

/**
 * With BERTH_TRACE=commands, who prints on stderr what is done in this process's network namespace or that of the path
 * `netns`; else undefined.
 */
export function teller(netns?: string): Teller | undefined {
  if (traced() !== "commands") return undefined;
  return (command) => sys.write(2, `${TOLD}${within(netns, command)}\n`);
}

function within(netns: string | undefined, command: string): string {
  if (netns === undefined) return command;
  const name = /^(?:\/var)?\/run\/netns\/([^/]+)$/.exec(netns)?.[1];
  if (name === undefined) return `nsenter --net=${netns} ${command}`;
  return command.startsWith("ip ") ? `ip -n ${name}${command.slice(2)}` : `ip netns exec ${name} ${command}`;
}
