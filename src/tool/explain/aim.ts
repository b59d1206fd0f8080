import { type Ip, parseIp } from "../../base/ip.ts";
import type { Aim } from "./facts.ts";

/** Somewhere off the machine: a packet to there meets what each that leaves meets. It never gets there. */
const AWAY: Readonly<Record<4 | 6, string>> = { 4: "1.1.1.1", 6: "2606:4700:4700::1111" };
const PORT = 443;

/** The first packet of a connection, off the machine, of the family of `like`. */
export function aimAway(like: Ip | undefined): Aim {
  const to = parseIp(AWAY[like?.length === 16 ? 6 : 4]) ?? new Uint8Array(4);
  return { to, toPort: PORT, transport: "tcp" };
}

/**
 * Reads `ADDRESS`, `ADDRESS:PORT`, `[ADDRESS6]:PORT`, each with `/tcp`, `/udp` or `/icmp` behind it; tcp and port 443 where that
 * is not said. Undefined for what is none of them.
 */
export function parseAim(text: string): Aim | undefined {
  const [, rest = "", transport = "tcp"] = /^(.*?)(?:\/(tcp|udp|icmp))?$/.exec(text) ?? [];
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*))(?::(\d+))?$/.exec(rest) ?? [];
  const whole = parseIp(rest);
  const to = whole ?? parseIp(bracketed ?? plain ?? "");
  const toPort = whole || digits === undefined ? PORT : Number(digits);
  if (!to || toPort < 1 || toPort > 0xffff) return undefined;
  return { to, toPort, transport: transport as Aim["transport"] };
}

/** A published port, as `--port` has it: `8080`, `8080/udp`. Undefined for what is none. */
export function parsePort(text: string): { port: number; transport: "tcp" | "udp" } | undefined {
  const [, digits, transport = "tcp"] = /^:?(\d{1,5})(?:\/(tcp|udp))?$/.exec(text) ?? [];
  const port = Number(digits ?? 0);
  if (port < 1 || port > 0xffff) return undefined;
  return { port, transport: transport === "udp" ? "udp" : "tcp" };
}
