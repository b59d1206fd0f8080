/** A mount namespace next to a lab's host, in which paths that runtimes have fixed are the test's own. */
import type { Output } from "./command.ts";
import { netnsPath } from "./conf.ts";
import type { Lab } from "./lab.ts";

export interface Room {
  /** The command line that runs `cmd` in the room and in the network namespace of the lab's host. */
  commandLine(...cmd: string[]): string[];
  run(...cmd: string[]): Output;
  [Symbol.dispose](): void;
}

/**
 * Opens a room after running `mounts` (shell) in it. Network namespaces that are made later are not seen inside by
 * their name. The working directory is / there.
 */
export async function openRoom(lab: Lab, mounts: readonly string[]): Promise<Room> {
  const inHost = ["nsenter", `--net=${netnsPath(lab.host)}`];
  const script = ["set -e", ...mounts, "echo ready", "exec sleep infinity"].join("\n");
  const holder = Bun.spawn([...inHost, "unshare", "--mount", "sh", "-c", script], { stdout: "pipe", stderr: "pipe" });
  const { value } = await holder.stdout.getReader().read();
  if (value === undefined) throw new Error(`cannot mount what the test needs: ${await holder.stderr.text()}`);
  const commandLine = (...cmd: string[]) => [...inHost, `--mount=/proc/${holder.pid}/ns/mnt`, "--wd=/", ...cmd];
  return {
    commandLine,
    run: (...cmd) => lab.attempt(lab.host, ...commandLine(...cmd)),
    [Symbol.dispose]: () => holder.kill("SIGKILL"),
  };
}
