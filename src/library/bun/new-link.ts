import type { Client } from "../../netlink/client.ts";
import type { Request } from "../../netlink/request.ts";
import { addMacvlan, MACVLAN_MODES, type MacvlanMode } from "../../rtnl/kinds/macvlan.ts";
import { addPlain } from "../../rtnl/kinds/plain.ts";
import { addBridge, addVeth, type OpenNetns } from "../../rtnl/link.ts";
import { deviceOf, type LinkRef } from "./devices.ts";
import type { Netns } from "./netns.ts";
import { macOf, nameOf, oneOf, refusal, someMac, wholeOf } from "./values.ts";

/** What a link of any kind may be given. */
export interface Common {
  /** 1 to 15 bytes. */
  readonly name: string;
  /** Absent: a random one of those that anybody may give himself. */
  readonly mac?: string;
  /** Bytes. Absent: the kind's own. */
  readonly mtu?: number;
}

export interface NewBridge extends Common {
  readonly kind: "bridge";
  /** Whether its ports have VLANs. Absent: no. */
  readonly vlanFiltering?: boolean;
}

/** The other end of a veth pair. */
export interface NewPeer extends Common {
  /** Where it is born. Absent: beside the first end. */
  readonly netns?: Netns;
}

export interface NewVeth extends Common {
  readonly kind: "veth";
  /** The bridge that it becomes a port of. Absent: of none. */
  readonly master?: LinkRef;
  readonly peer: NewPeer;
}

export interface NewMacvlan extends Common {
  readonly kind: "macvlan";
  readonly parent: LinkRef;
  /** Absent: bridge. */
  readonly mode?: MacvlanMode;
}

/** A link that swallows what is sent, or by whose queue what is redirected to it comes back out. */
export interface NewPlain extends Common {
  readonly kind: "dummy" | "ifb";
}

/** A link to be made. */
export type NewLink = NewBridge | NewVeth | NewMacvlan | NewPlain;

export const MTU_MAX = 0x7fffffff;

/** The request for it; `netns` is the open namespace of a veth's peer. @throws Explained, NetlinkError ENODEV */
export function additionOf(client: Client, link: NewLink, netns?: OpenNetns): Request {
  const common = commonOf(link, "");
  switch (link.kind) {
    case "bridge":
      return addBridge({ ...common, vlanFiltering: link.vlanFiltering === true });
    case "veth": {
      const master = link.master === undefined ? undefined : deviceOf(client, link.master, "master");
      const peer = commonOf(link.peer, "peer.");
      return addVeth({ ...common, master }, netns === undefined ? peer : { ...peer, netns });
    }
    case "macvlan": {
      const mode = oneOf("mode", link.mode ?? "bridge", MACVLAN_MODES);
      return addMacvlan({ ...common, parent: deviceOf(client, link.parent, "parent"), mode });
    }
    case "dummy":
    case "ifb":
      return addPlain({ ...common, kind: link.kind });
    default:
      throw refusal("kind", (link as { kind: unknown }).kind, "one of bridge, veth, macvlan, dummy, ifb");
  }
}

function commonOf({ name, mac, mtu }: Common, path: string) {
  return {
    name: nameOf(`${path}name`, name),
    mac: mac === undefined ? someMac() : macOf(`${path}mac`, mac),
    ...(mtu !== undefined && { mtu: wholeOf(`${path}mtu`, mtu, 1, MTU_MAX) }),
  };
}
