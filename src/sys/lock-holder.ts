import { fstat, readFile } from "#sys";
import { attempt } from "../base/attempt.ts";

/** Who holds the flock(2) on an open file, for a person: `pid 4711 (/opt/cni/bin/bridge, ADD of web-0)`. Never throws an errno. */
export function lockHolder(fd: number): string {
  const pid = holderPid(fstat(fd).id.split("-")[1]);
  if (!pid) return "a process that cannot be seen from here (another pid namespace)";
  const command = peek(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
  const variables = new Map(
    peek(`/proc/${pid}/environ`)
      .split("\0")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  const verb = variables.get("CNI_COMMAND");
  const id = variables.get("CNI_CONTAINERID");
  const what = [command, verb && (id ? `${verb} of ${id}` : verb)].filter(Boolean).join(", ");
  return what ? `pid ${pid} (${what})` : `pid ${pid}`;
}

/** The holder by /proc/locks (proc(5)), whose lines are `1: FLOCK  ADVISORY  WRITE 4711 fe:00:1234 0 EOF`; `->` marks those who wait. */
function holderPid(ino: string | undefined): number | undefined {
  for (const line of peek("/proc/locks").split("\n")) {
    const [, kind, , , pid, file] = line.split(/\s+/);
    if (kind === "FLOCK" && file?.split(":")[2] === ino) return Number(pid) > 0 ? Number(pid) : undefined;
  }
  return undefined;
}

/** The text of a file in /proc; empty when it cannot be read. */
function peek(path: string): string {
  return attempt(() => readFile(path)) ?? "";
}
