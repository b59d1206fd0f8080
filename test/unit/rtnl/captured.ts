/** The captured messages of test/wire, by file name: what the kernel sent, and what it takes. */
import type { Request } from "../../../src/netlink/request.ts";
import { Writer } from "../../../src/wire/cursor.ts";
import type { Message } from "../../../src/wire/message.ts";
import { NLM_F_ACK, NLM_F_REQUEST, readMessages, writeMessage } from "../../../src/wire/message.ts";
import { hex } from "../../support/hex.ts";
import replyAddrs from "../../wire/reply-addrs.hex" with { type: "text" };
import replyBridge from "../../wire/reply-bridge.hex" with { type: "text" };
import replyPort from "../../wire/reply-port.hex" with { type: "text" };
import replyRouteHops from "../../wire/reply-route-hops.hex" with { type: "text" };
import replyRoutes4 from "../../wire/reply-routes4.hex" with { type: "text" };
import replyRoutes6 from "../../wire/reply-routes6.hex" with { type: "text" };
import replyVlans from "../../wire/reply-vlans.hex" with { type: "text" };
import addrDel from "../../wire/request-addr-del.hex" with { type: "text" };
import addr4 from "../../wire/request-addr4.hex" with { type: "text" };
import addr6 from "../../wire/request-addr6.hex" with { type: "text" };
import alias from "../../wire/request-alias.hex" with { type: "text" };
import anyRoute from "../../wire/request-any-route.hex" with { type: "text" };
import bridge from "../../wire/request-bridge.hex" with { type: "text" };
import ifb from "../../wire/request-ifb.hex" with { type: "text" };
import ingress from "../../wire/request-ingress.hex" with { type: "text" };
import linkDel from "../../wire/request-link-del.hex" with { type: "text" };
import macvlan from "../../wire/request-macvlan.hex" with { type: "text" };
import move from "../../wire/request-move.hex" with { type: "text" };
import mtu from "../../wire/request-mtu.hex" with { type: "text" };
import neigh from "../../wire/request-neigh.hex" with { type: "text" };
import neighDel from "../../wire/request-neigh-del.hex" with { type: "text" };
import noLinkLocal from "../../wire/request-no-link-local.hex" with { type: "text" };
import plain from "../../wire/request-plain.hex" with { type: "text" };
import port from "../../wire/request-port.hex" with { type: "text" };
import qdiscDel from "../../wire/request-qdisc-del.hex" with { type: "text" };
import redirection from "../../wire/request-redirection.hex" with { type: "text" };
import routeDel from "../../wire/request-route-del.hex" with { type: "text" };
import routeSrc from "../../wire/request-route-src.hex" with { type: "text" };
import routeTable from "../../wire/request-route-table.hex" with { type: "text" };
import route4 from "../../wire/request-route4.hex" with { type: "text" };
import route6 from "../../wire/request-route6.hex" with { type: "text" };
import rule from "../../wire/request-rule.hex" with { type: "text" };
import subnetRouteDel from "../../wire/request-subnet-route-del.hex" with { type: "text" };
import tbf from "../../wire/request-tbf.hex" with { type: "text" };
import tbf64 from "../../wire/request-tbf64.hex" with { type: "text" };
import txqlen from "../../wire/request-txqlen.hex" with { type: "text" };
import up from "../../wire/request-up.hex" with { type: "text" };
import upNotifying from "../../wire/request-up-notifying.hex" with { type: "text" };
import veth from "../../wire/request-veth.hex" with { type: "text" };
import vlanAdd from "../../wire/request-vlan-add.hex" with { type: "text" };
import vlanDel from "../../wire/request-vlan-del.hex" with { type: "text" };

export const CAPTURED = {
  anyRoute,
  macvlan,
  move,
  neigh,
  plain,
  rule,
  replyAddrs,
  replyBridge,
  replyPort,
  replyRouteHops,
  replyRoutes4,
  replyRoutes6,
  replyVlans,
  addrDel,
  addr4,
  addr6,
  alias,
  bridge,
  linkDel,
  mtu,
  neighDel,
  noLinkLocal,
  port,
  routeDel,
  routeTable,
  route4,
  route6,
  txqlen,
  up,
  upNotifying,
  veth,
  vlanAdd,
  vlanDel,
  ifb,
  ingress,
  qdiscDel,
  redirection,
  routeSrc,
  subnetRouteDel,
  tbf,
  tbf64,
} as const;

export type Captured = keyof typeof CAPTURED;

/** The bytes of a captured datagram. */
export function bytesOf(name: Captured): Uint8Array {
  return hex(CAPTURED[name]);
}

/** The messages of a captured datagram. */
export function messagesOf(name: Captured): Message[] {
  return readMessages(bytesOf(name));
}

/** The bytes that a request is sent as. */
export function encoded({ form, object }: Request): Uint8Array {
  const w = new Writer();
  writeMessage(w, form.type, NLM_F_REQUEST | NLM_F_ACK | form.flags, 1, form.write, object);
  return w.finish();
}
