/** Connections as `conntrack -L` has them. */
import type { Lab } from "../lab.ts";

export interface Flow {
  readonly protocol: string;
  /** Whom the client sent to. */
  readonly to: string;
  readonly toPort: number;
  /** Who answers. */
  readonly from: string;
  readonly fromPort: number;
  /** Whom that one answers, which is the client or the node. */
  readonly back: string;
  readonly mark: number;
}

/** Those of the host in one family. */
export function flowsOf(lab: Lab, family: 4 | 6): Flow[] {
  return flowsIn(lab.sh(lab.host, "conntrack", "-L", "-f", family === 4 ? "ipv4" : "ipv6"));
}

/** Those in what conntrack printed. */
export function flowsIn(text: string): Flow[] {
  return text.split("\n").filter(Boolean).map(flowOf);
}

function flowOf(line: string): Flow {
  const all = (key: string) => [...line.matchAll(new RegExp(`\\b${key}=(\\S+)`, "g"))].map(([, value = ""]) => value);
  const [, from = ""] = all("src");
  const [to = "", back = ""] = all("dst");
  const [toPort = ""] = all("dport");
  const [, fromPort = ""] = all("sport");
  const [protocol = ""] = line.split(/\s+/);
  const [mark = "0"] = all("mark");
  return { protocol, to, toPort: Number(toPort), from, fromPort: Number(fromPort), back, mark: Number(mark) };
}

export function forgetAll(lab: Lab): void {
  // It says on stderr how many it was, and ends with 0.
  lab.sh(lab.host, "conntrack", "-F");
}
