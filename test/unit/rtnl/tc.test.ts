/** Requests of tc's verbs, of ifb links and of routes with a source, against their bytes: test/wire/request-*.hex. */
import { expect, test } from "bun:test";
import { type Ip, type Prefix, parseIp, parsePrefix } from "../../../src/base/ip.ts";
import type { Request } from "../../../src/netlink/request.ts";
import { addRedirection } from "../../../src/rtnl/filter.ts";
import { addIfb } from "../../../src/rtnl/kinds/ifb.ts";
import { addIngress, addTbf, deleteQdisc } from "../../../src/rtnl/qdisc.ts";
import { addSoleRoute, deleteSubnetRoute } from "../../../src/rtnl/sole-route.ts";
import { INGRESS } from "../../../src/rtnl/tc.ts";
import { Writer } from "../../../src/wire/cursor.ts";
import { NLM_F_ACK, NLM_F_REQUEST, writeMessage } from "../../../src/wire/message.ts";
import { dump } from "../../support/hex.ts";
import { bytesOf, type Captured } from "./captured.ts";

const ETH0 = { index: 3, name: "eth0" };
const BWP0 = { index: 4, name: "bwp0" };
const prefix = (text: string) => parsePrefix(text) as Prefix;

const REQUESTS: [operation: string, captured: Captured, request: Request][] = [
  [
    "ip route add 10.1.2.1/32 dev eth0 src 10.1.2.3",
    "routeSrc",
    addSoleRoute({ dst: prefix("10.1.2.1/32"), oif: ETH0, scope: 253, src: parseIp("10.1.2.3") as Ip }),
  ],
  [
    "ip route del 10.1.2.0/24 dev eth0 proto kernel scope link",
    "subnetRouteDel",
    deleteSubnetRoute({ dst: prefix("10.1.2.0/24"), oif: ETH0 }),
  ],
  ["ip link add bwp1 mtu 1400 txqueuelen 0 up type ifb", "ifb", addIfb({ name: "bwp1", mtu: 1400 })],
  [
    "tc qdisc add dev eth0 root handle 1: tbf rate 1000000bps limit 35000",
    "tbf",
    addTbf(ETH0, { rate: 1_000_000, limit: 35_000, buffer: 156_250 }),
  ],
  [
    "tc qdisc add dev eth0 root handle 1: tbf rate 10000000000bps limit 251000000",
    "tbf64",
    addTbf(ETH0, { rate: 1e10, limit: 251_000_000, buffer: 1562 }),
  ],
  ["tc qdisc add dev eth0 ingress", "ingress", addIngress(ETH0)],
  ["tc qdisc del dev eth0 ingress", "qdiscDel", deleteQdisc({ dev: ETH0, parent: INGRESS })],
  [
    "tc filter add dev eth0 parent ffff: protocol all prio 1 u32 match u32 0 0 classid 1:1 action mirred egress redirect dev bwp0",
    "redirection",
    addRedirection(ETH0, BWP0),
  ],
];

test.each(REQUESTS)("%s is sent as the bytes in %s", (operation, captured, { form, object }) => {
  const w = new Writer();
  writeMessage(w, form.type, NLM_F_REQUEST | NLM_F_ACK | form.flags, 1, form.write, object);
  expect(dump(w.finish())).toBe(dump(bytesOf(captured)));
  expect(form.text(object)).toBe(operation);
});
