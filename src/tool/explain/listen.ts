import { readFile } from "#sys";
import { attempt } from "../../base/attempt.ts";
import type { Namespace } from "../../host/namespace.ts";

/** Whether a program waits on a port of a namespace, and for whom. */
export type Listening = "all" | "loopback" | "nobody";

/** TCP_LISTEN, and what a UDP socket is that is not connected (net/tcp_states.h). */
const WAITING = { tcp: "0A", udp: "07" } as const;

/** As the kernel writes addresses: words in the machine's order. 127.0.0.0/8 ends in 7F, ::1 is whole. */
const LOOPBACK = /^(?:[0-9A-F]{6}7F|0{24}01000000)$/;

/** Asked of the kernel (/proc/net, proc_pid_net(5)); undefined where it cannot be read. */
export function listening(place: Namespace, transport: "tcp" | "udp", port: number): Listening | undefined {
  const texts = place.enter(() =>
    [transport, `${transport}6`].map((name) => attempt(() => readFile(`/proc/thread-self/net/${name}`, 16 << 20))),
  );
  if (texts.every((text) => text === undefined)) return undefined;
  return listeningIn(texts.map((text) => text ?? "").join("\n"), transport, port);
}

/** The same of the text of these files. */
export function listeningIn(text: string, transport: "tcp" | "udp", port: number): Listening {
  const digits = port.toString(16).toUpperCase().padStart(4, "0");
  const addresses = text.split("\n").flatMap((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    const [address = "", own] = local.split(":");
    return own === digits && state === WAITING[transport] ? [address] : [];
  });
  if (addresses.length === 0) return "nobody";
  return addresses.every((address) => LOOPBACK.test(address)) ? "loopback" : "all";
}
