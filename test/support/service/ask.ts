/**
 * Who answers on TCP, UDP and SCTP. Of SCTP there are INIT and INIT ACK of RFC 9260 through raw sockets: a kernel may have connection
 * tracking of SCTP and not SCTP itself. UDP is asked from connected sockets, which alone are told of unreachable ports.
 */
import { join } from "node:path";
import type { Probe } from "../port-probe.ts";

const FILE = join(import.meta.dir, "ask.py");

/** A server of SCTP in a namespace, which answers with its name and whom it sees. Returns what ends it. */
export async function serveSctp(ns: string, name: string, port: number): Promise<() => void> {
  const words = ["ip", "netns", "exec", ns, "python3", "-u", FILE, "serve", name, `${port}`];
  const child = Bun.spawn(words, { stdout: "pipe", stderr: "inherit" });
  for await (const _ of child.stdout) break;
  return () => child.kill("SIGKILL");
}

/** What each probe answers, all at once; "refused" or "nothing". */
export async function askEach(ns: string, probes: readonly Probe[], patience: number): Promise<string[]> {
  const words = ["ip", "netns", "exec", ns, "python3", FILE, "ask", JSON.stringify(probes), `${patience / 1000}`];
  const child = Bun.spawn(words, { stdout: "pipe", stderr: "inherit" });
  return JSON.parse(await new Response(child.stdout).text());
}
