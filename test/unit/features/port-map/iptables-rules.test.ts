/** Port mappings in the words of iptables-restore, as the reference gives them to iptables. */
import { expect, test } from "bun:test";
import { chainOf, chainsOfNetwork, missingShared, ownRules } from "../../../../src/features/port-map/iptables-rules.ts";
import type { PortMapWish } from "../../../../src/features/port-map/wish.ts";
import { prefix } from "../../../support/nft.ts";
import { tcp, wish } from "../../../support/port-map.ts";

const owner = { network: "test", containerId: "1234", ifname: "eth0" };
/** `CNI-DN-` and the first of SHA-512 of "test1234". */
const CHAIN = "CNI-DN-2bbe0c48b91a7d1b8a675";
const with13 = (over: Partial<PortMapWish> = {}) => ({
  ...wish(tcp(8080, 80), tcp(8443, 443, "192.0.2.1")),
  iptables: { markBit: 13, conditions: { ip: ["-d", "192.0.2.0/24"], ip6: [] } },
  ...over,
});

test("ownRules() are the reference's", () => {
  expect(chainOf(owner)).toBe(CHAIN);
  expect(chainOf({ ...owner, ifname: "eth1" })).not.toBe(CHAIN);
  expect(ownRules(with13(), owner, prefix("10.1.2.3/24"))).toEqual([
    `-N ${CHAIN}`,
    `-A ${CHAIN} -p tcp --dport 8080 -s 10.1.2.3/24 -j CNI-HOSTPORT-SETMARK`,
    `-A ${CHAIN} -p tcp --dport 8080 -s 127.0.0.1 -j CNI-HOSTPORT-SETMARK`,
    `-A ${CHAIN} -p tcp --dport 8080 -j DNAT --to-destination 10.1.2.3:80`,
    `-A ${CHAIN} -p tcp --dport 8443 -d 192.0.2.1 -s 10.1.2.3/24 -j CNI-HOSTPORT-SETMARK`,
    `-A ${CHAIN} -p tcp --dport 8443 -d 192.0.2.1 -s 127.0.0.1 -j CNI-HOSTPORT-SETMARK`,
    `-A ${CHAIN} -p tcp --dport 8443 -d 192.0.2.1 -j DNAT --to-destination 10.1.2.3:443`,
    `-A CNI-HOSTPORT-DNAT -m comment --comment "dnat name: \\"test\\" id: \\"1234\\"" -m multiport -p tcp --destination-ports 8080,8443 -d 192.0.2.0/24 -j ${CHAIN}`,
  ]);
});

test("ownRules() of IPv6, without snat, with masqAll and a chain of others", () => {
  const own = (over: Partial<PortMapWish>) =>
    ownRules({ ...with13(over), mappings: [tcp(8080, 80)] }, owner, prefix("fd00::3/64")).slice(1, -1);
  const dnat = `-A ${CHAIN} -p tcp --dport 8080 -j DNAT --to-destination [fd00::3]:80`;
  expect(own({ snat: false })).toEqual([dnat]);
  expect(own({ masqAll: true })).toEqual([`-A ${CHAIN} -p tcp --dport 8080 -s ::/0 -j CNI-HOSTPORT-SETMARK`, dnat]);
  const iptables = { markBit: 13, setMarkChain: "KUBE-MARK-MASQ", conditions: { ip: [], ip6: [] } };
  expect(own({ iptables })).toEqual([`-A ${CHAIN} -p tcp --dport 8080 -s fd00::3/64 -j KUBE-MARK-MASQ`, dnat]);
  expect(missingShared({ ...with13(), iptables }, "")[0]).toBe("-N CNI-HOSTPORT-DNAT");
});

test("missingShared() has what is not there yet, with its mark", () => {
  const all = missingShared(with13(), "");
  expect(all).toHaveLength(8);
  expect(all[1]).toEndWith("-j MARK --set-xmark 0x2000/0x2000");
  expect(missingShared(with13(), ":CNI-HOSTPORT-DNAT - [0:0]")).toHaveLength(7);
});

test("chainsOfNetwork() finds a network's chains by their comments", () => {
  const saved = ["test", "another"]
    .map((name) => `-A CNI-HOSTPORT-DNAT -m comment --comment "dnat name: \\"${name}\\" id: \\"1\\"" -j CNI-DN-${name}`)
    .join("\n");
  expect(chainsOfNetwork("test", saved)).toEqual(["CNI-DN-test"]);
});
