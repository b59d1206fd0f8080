/** Names for what is random: links, MAC addresses, namespaces and directories. */
import type { Json } from "../support/command.ts";
import { netnsPath } from "../support/conf.ts";
import type { Side } from "./side.ts";

/** MAC addresses that cases themselves name. */
const KNOWN = new Set([
  "02:11:22:33:44:55",
  "0a:59:0a:4d:00:09",
  "02:11:22:33:44:66",
  "02:11:22:33:44:77",
  "02:11:22:33:44:88",
  "01:00:5e:00:00:01",
  "02:00:00:00:00:77",
  "02:be:ef:00:00:01",
  "02:99:99:99:99:99",
  "00:00:00:00:00:00",
]);

export function nameOfMac(mac: string): string | undefined {
  return KNOWN.has(mac) || /^02:11:22:33:44:[ab][01]$/.test(mac) ? mac : undefined;
}

/** Puts words in the place of what is random on one side, as of one moment. */
export class Words {
  readonly #side: Side;
  readonly #links: readonly Json[];
  readonly #texts: [string, string][];

  constructor(side: Side, links: readonly Json[]) {
    this.#side = side;
    this.#links = links;
    this.#texts = [
      [side.dir, "$DIR"],
      [side.bin, "$BIN"],
      [netnsPath(side.host), "$HOST"],
      ...side.containers.map((ns, i): [string, string] => [netnsPath(ns), `$NS${i}`]),
    ];
  }

  /** What a link is called in a comparison. */
  name(link: string): string {
    return this.#side.names.get(link) ?? link;
  }

  /** The names of the links that have this MAC address. */
  linksWith(mac: string): string[] {
    return this.#links.filter(({ address }) => address === mac).map(({ ifname }) => this.name(ifname));
  }

  text(value: string): string {
    let text = value;
    for (const [from, to] of this.#texts) text = text.replaceAll(from, to);
    text = text.replace(/\bveth[0-9a-f]{8}\b/g, (name) => this.#side.names.get(name) ?? "(a random link)");
    return text.replace(/\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, (mac) => nameOfMac(mac) ?? "(a random MAC)");
  }

  /** Every text in a value; the MAC address of a result's interface is said to be of that link, or of another. */
  all(value: Json): Json {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((one) => this.all(one));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([key, member]): [string, Json] => [this.text(key), this.all(member)]);
    const worded = Object.fromEntries(entries);
    if (typeof value.mac === "string" && typeof value.name === "string" && !nameOfMac(value.mac)) {
      const links = this.linksWith(value.mac);
      worded.mac = links.includes(this.name(value.name)) ? "its own" : (links[0] ?? "nobody's");
    }
    return worded;
  }
}
