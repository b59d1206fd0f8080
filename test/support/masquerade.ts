/** One attachment that is masqueraded, and what nft says of it when it is alone. */
import type { Ip, Prefix } from "../../src/base/ip.ts";
import { ip, prefix } from "./nft.ts";

export const ips = (...texts: string[]): Ip[] => texts.map(ip);
export const prefixes = (...texts: string[]): Prefix[] => texts.map(prefix);

export const owner = { network: "unit-test", ifname: "eth0", containerId: "one" };
export const other = { ...owner, containerId: "two" };
export const DUAL = prefixes("10.1.2.3/24", "fd00::3/64");
export const TAG = "6fd94d501e58f0aa-287fc69eff0574a2";

export const EXPECTED = `table ip berth {
	set masq-6fd94d501e58f0aa-10.1.2.0-24 {
		type ipv4_addr
		comment "10.1.2.0/24, net: unit-test"
		elements = { 10.1.2.3 comment "${TAG}, net: unit-test, if: eth0, id: one" }
	}

	chain postrouting {
		type nat hook postrouting priority srcnat + 1; policy accept;
		ip saddr @masq-6fd94d501e58f0aa-10.1.2.0-24 ip daddr != 10.1.2.0/24 ip daddr != 224.0.0.0/4 masquerade comment "net: unit-test"
	}
}
table ip6 berth {
	set masq-6fd94d501e58f0aa-fd00__-64 {
		type ipv6_addr
		comment "fd00::/64, net: unit-test"
		elements = { fd00::3 comment "${TAG}, net: unit-test, if: eth0, id: one" }
	}

	chain postrouting {
		type nat hook postrouting priority srcnat + 1; policy accept;
		ip6 saddr @masq-6fd94d501e58f0aa-fd00__-64 ip6 daddr != fd00::/64 ip6 daddr != ff00::/8 masquerade comment "net: unit-test"
	}
}
`;
