/** A mount namespace next to a lab's host, in which paths that runtimes have fixed are the test's own. */
import type { Output } from "./command.ts";
import { netnsPath } from "./conf.ts";
import type { Lab } from "./lab.ts";

export interface Room {
  /** The command line that runs `cmd` in the room and in the network namespace of the lab's host. */
  commandLine(...cmd: string[]): string[];
  run(...cmd: string[]): Output;
  /** Ends what keeps the room open; with `processes` that is all that runs in it. */
  [Symbol.dispose](): void;
}

/**
 * Opens a room after running `mounts` (shell) in it. Network namespaces that are made later are not seen inside by
 * their name. The working directory is / there. With `processes`, it has a PID namespace of its own, too.
 */
export async function openRoom(lab: Lab, mounts: readonly string[], { processes = false } = {}): Promise<Room> {
  const inHost = ["nsenter", `--net=${netnsPath(lab.host)}`];
  const script = ["set -e", ...mounts, "echo ready", processes ? INIT : "exec sleep infinity"].join("\n");
  const own = processes ? ["--pid", "--fork", "--kill-child", "--mount-proc", "bash"] : ["sh"];
  const holder = Bun.spawn([...inHost, "unshare", "--mount", ...own, "-c", script], { stdout: "pipe", stderr: "pipe" });
  const { value } = await holder.stdout.getReader().read();
  if (value === undefined) throw new Error(`cannot mount what the test needs: ${await holder.stderr.text()}`);
  const namespaces = [`--mount=/proc/${holder.pid}/ns/mnt`];
  if (processes) namespaces.push(`--pid=/proc/${holder.pid}/ns/pid_for_children`);
  const commandLine = (...cmd: string[]) => [...inHost, ...namespaces, "--wd=/", ...cmd];
  return {
    commandLine,
    run: (...cmd) => lab.attempt(lab.host, ...commandLine(...cmd)),
    [Symbol.dispose]: () => holder.kill("SIGKILL"),
  };
}

/** Reaps whatever daemons leave to it. */
const INIT = "set +e; trap : CHLD; sleep infinity & while :; do wait; done";
