/** The requests that only berth/netlink makes, against bytes that `ip` sent or the kernel took: test/wire/request-*.hex. */
import { expect, test } from "bun:test";
import { type Ip, type Prefix, parseIp, parsePrefix } from "../../../src/base/ip.ts";
import { type Mac, parseMac } from "../../../src/base/mac.ts";
import type { Request } from "../../../src/netlink/request.ts";
import { addAnyRoute } from "../../../src/rtnl/any-route.ts";
import { addMacvlan } from "../../../src/rtnl/kinds/macvlan.ts";
import { addPlain } from "../../../src/rtnl/kinds/plain.ts";
import { replaceNeigh } from "../../../src/rtnl/neighbours.ts";
import { moveLink } from "../../../src/rtnl/place-link.ts";
import { addRule, RULE_ACTIONS } from "../../../src/rtnl/rule.ts";
import { Writer } from "../../../src/wire/cursor.ts";
import { NLM_F_ACK, NLM_F_REQUEST, writeMessage } from "../../../src/wire/message.ts";
import { dump } from "../../support/hex.ts";
import { bytesOf, type Captured } from "./captured.ts";

const V0 = { index: 4, name: "v0" };
const ip = (text: string) => parseIp(text) as Ip;
const prefix = (text: string) => parsePrefix(text) as Prefix;
const mac = (text: string) => parseMac(text) as Mac;

const ROUTE = { type: 1, dst: prefix("10.8.0.0/16"), gateway: ip("10.0.0.1"), oif: V0, src: ip("10.0.0.2") };
const RULE = { family: 2, action: RULE_ACTIONS.lookup, src: prefix("10.0.0.0/8"), mark: 1, mask: 255 };

const REQUESTS: [operation: string, captured: Captured, request: Request][] = [
  [
    "ip route add 10.8.0.0/16 via 10.0.0.1 dev v0 table 1000",
    "anyRoute",
    addAnyRoute({ ...ROUTE, table: 1000, protocol: 4, scope: 0, priority: 7 }),
  ],
  [
    "ip rule add from 10.0.0.0/8 fwmark 0x1 priority 100 lookup 300",
    "rule",
    addRule({ ...RULE, priority: 100, table: 300 }),
  ],
  [
    "ip neigh replace 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0",
    "neigh",
    replaceNeigh({ dev: V0, address: ip("10.0.0.9"), mac: mac("02:00:00:00:00:09"), state: 0x80 }),
  ],
  [
    "ip link add link v0 m0 address 02:00:00:00:00:05 type macvlan mode bridge",
    "macvlan",
    addMacvlan({ name: "m0", parent: V0, mode: "bridge", mac: mac("02:00:00:00:00:05") }),
  ],
  [
    "ip link add d0 address 02:00:00:00:00:05 mtu 1400 type dummy",
    "plain",
    addPlain({ name: "d0", kind: "dummy", mac: mac("02:00:00:00:00:05"), mtu: 1400 }),
  ],
  [
    "ip link set v0 netns /run/netns/c1 name eth0",
    "move",
    moveLink({ dev: V0, netns: { fd: 9, path: "/run/netns/c1" }, name: "eth0" }),
  ],
];

test.each(REQUESTS)("%s is sent as the bytes in %s", (operation, captured, { form, object }) => {
  const w = new Writer();
  writeMessage(w, form.type, NLM_F_REQUEST | NLM_F_ACK | form.flags, 1, form.write, object);
  expect(dump(w.finish())).toBe(dump(bytesOf(captured)));
  expect(form.text(object)).toBe(operation);
});
