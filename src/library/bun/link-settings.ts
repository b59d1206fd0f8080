import type { Client } from "../../netlink/client.ts";
import type { Request } from "../../netlink/request.ts";
import { setAlias, setDown, setMac, setMaster, setPort, setUp } from "../../rtnl/link.ts";
import { releaseLink, renameLink } from "../../rtnl/place-link.ts";
import { setMtu, setTxqlen, switchAllmulti, switchPromisc } from "../../rtnl/tune-link.ts";
import { deviceOf, type LinkRef } from "./devices.ts";
import { MTU_MAX } from "./new-link.ts";
import { macOf, nameOf, refusal, wholeOf } from "./values.ts";

/** What is to be changed of a link: what is there. */
export interface LinkSettings {
  readonly up?: boolean;
  readonly mac?: string;
  /** Bytes. */
  readonly mtu?: number;
  /** Packets that may wait in its queue. */
  readonly txqlen?: number;
  /** At most 254 bytes. */
  readonly alias?: string;
  readonly promisc?: boolean;
  readonly allmulti?: boolean;
  /** The bridge that it becomes a port of; null: of none. */
  readonly master?: LinkRef | null;
  /** Of a bridge's port. What is absent is switched off. */
  readonly port?: { readonly hairpin?: boolean; readonly isolated?: boolean };
  readonly name?: string;
}

type Setter = (client: Client, dev: { index: number; name: string }, value: never) => Request;

/** By their fields, in the order in which they are done; `up` is before all others when it is false, else after them. */
const SETTERS = {
  mac: (_, dev, value: string) => setMac(dev, macOf("mac", value)),
  mtu: (_, dev, value: number) => setMtu(dev, wholeOf("mtu", value, 1, MTU_MAX)),
  txqlen: (_, dev, value: number) => setTxqlen(dev, wholeOf("txqlen", value, 0, 0xffffffff)),
  alias: (_, dev, value: string) => setAlias(dev, value),
  promisc: (_, dev, value: boolean) => switchPromisc(dev, value),
  allmulti: (_, dev, value: boolean) => switchAllmulti(dev, value),
  master: (client, dev, value: LinkRef | null) =>
    value === null ? releaseLink(dev) : setMaster(dev, deviceOf(client, value, "master")),
  port: (_, dev, { hairpin = false, isolated = false }: { hairpin?: boolean; isolated?: boolean }) =>
    setPort(dev, { hairpin, isolated }),
  name: (_, dev, value: string) => renameLink(dev, nameOf("name", value)),
  up: (_, dev, value: boolean) => (value ? setUp(dev) : setDown(dev)),
} satisfies Record<keyof LinkSettings, Setter>;

/** The requests for them. @throws Explained, NetlinkError ENODEV */
export function changesOf(client: Client, link: LinkRef, settings: LinkSettings): Request[] {
  const unknown = Object.keys(settings).find((field) => !Object.hasOwn(SETTERS, field));
  if (unknown !== undefined) throw refusal("settings", unknown, `one of ${Object.keys(SETTERS).join(", ")}`);
  const dev = deviceOf(client, link);
  const fields = (Object.keys(SETTERS) as (keyof LinkSettings)[]).filter((field) => settings[field] !== undefined);
  if (settings.up === false) fields.unshift(...fields.splice(-1));
  return fields.map((field) => (SETTERS[field] as Setter)(client, dev, settings[field] as never));
}
