import { expect } from "bun:test";
import { type Ip, parseIp, parsePrefix } from "../../src/base/ip.ts";
import { Client } from "../../src/netlink/client.ts";
import { NETLINK_NETFILTER, openSocket } from "../../src/netlink/socket.ts";
import { addMasquerade } from "../../src/nft/masquerade.ts";
import { checkMasquerade } from "../../src/nft/masquerade-check.ts";
import { gcMasquerade, removeMasquerade } from "../../src/nft/masquerade-remove.ts";
import { NFNL_BATCH_BEGIN } from "../../src/nft/tables.ts";
import { readMessages } from "../../src/wire/message.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { namespaces, needs, nftables } from "../support/needs.ts";

const needsNft = needs(namespaces, nftables);

const client = (lab: Lab): Client => lab.within(lab.host, () => new Client(openSocket(NETLINK_NETFILTER)));
const ips = (...texts: string[]): Ip[] => texts.map((text) => parseIp(text) ?? expect.unreachable());
const prefixes = (...texts: string[]) => texts.map((text) => parsePrefix(text) ?? expect.unreachable());
const ruleset = (lab: Lab): string => lab.sh(lab.host, "nft", "list", "ruleset");

/** A client that calls `before` when the `nth` batch is about to be sent. */
function interrupted(lab: Lab, nth: number, before: () => void): Client {
  const socket = lab.within(lab.host, () => openSocket(NETLINK_NETFILTER));
  let batches = 0;
  return new Client({
    ...socket,
    send(datagram) {
      if (readMessages(datagram)[0]?.type === NFNL_BATCH_BEGIN && ++batches === nth) before();
      socket.send(datagram);
    },
  });
}

const owner = { network: "unit-test", ifname: "eth0", containerId: "one" };
const other = { ...owner, containerId: "two" };
const DUAL = prefixes("10.1.2.3/24", "fd00::3/64");
const TAG = "6fd94d501e58f0aa-287fc69eff0574a2";

const EXPECTED = `table ip berth {
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

needsNft(
  "addMasquerade() makes table, chain, set, rule and element, and nothing twice",
  inLab((lab) => {
    const nft = client(lab);
    addMasquerade(nft, owner, DUAL);
    expect(ruleset(lab)).toBe(EXPECTED);
    addMasquerade(nft, owner, DUAL);
    expect(ruleset(lab)).toBe(EXPECTED);
  }),
);

needsNft(
  "addMasquerade() adds only an element for the next container",
  inLab((lab) => {
    addMasquerade(client(lab), owner, DUAL);
    const objects = lab.nftj(lab.host).length;
    const nft = interrupted(lab, 2, () => expect.unreachable());
    addMasquerade(nft, other, prefixes("10.1.2.4/24", "fd00::4/64"));
    expect(lab.nftj(lab.host)).toHaveLength(objects);
    expect(checkMasquerade(nft, owner, DUAL)).toBeUndefined();
    expect(checkMasquerade(nft, other, prefixes("10.1.2.4/24", "fd00::4/64"))).toBeUndefined();
  }),
);

needsNft(
  "addMasquerade() takes over an address from who had it before",
  inLab((lab) => {
    const nft = client(lab);
    addMasquerade(nft, other, prefixes("10.1.2.3/24"));
    addMasquerade(nft, owner, DUAL);
    expect(ruleset(lab)).toBe(EXPECTED);
  }),
);

needsNft(
  "addMasquerade() rebuilds what was flushed",
  inLab((lab) => {
    const nft = client(lab);
    addMasquerade(nft, owner, DUAL);
    lab.sh(lab.host, "nft", "delete", "table", "ip", "berth");
    addMasquerade(nft, owner, DUAL);
    expect(lab.sh(lab.host, "nft", "list", "table", "ip", "berth")).toBe(
      EXPECTED.slice(0, EXPECTED.indexOf("table ip6")),
    );
  }),
);

needsNft(
  "addMasquerade() in two processes at once makes one rule",
  inLab((lab) => {
    const late = prefixes("10.1.2.4/24", "fd00::4/64");
    const nft = client(lab);
    addMasquerade(
      interrupted(lab, 1, () => addMasquerade(nft, owner, DUAL)),
      other,
      late,
    );
    expect(checkMasquerade(nft, owner, DUAL)).toBeUndefined();
    expect(checkMasquerade(nft, other, late)).toBeUndefined();
    expect(ruleset(lab).match(/masquerade/g)?.length).toBe(2);
  }),
);

needsNft(
  "addMasquerade() builds what is flushed between its look and its batch",
  inLab((lab) => {
    addMasquerade(client(lab), other, prefixes("10.1.2.4/24"));
    addMasquerade(
      interrupted(lab, 1, () => lab.sh(lab.host, "nft", "flush", "ruleset")),
      owner,
      DUAL,
    );
    expect(ruleset(lab)).toBe(EXPECTED);
  }),
);

needsNft(
  "addMasquerade() survives that everything is flushed meanwhile",
  inLab((lab) => {
    const nft = client(lab);
    addMasquerade(nft, other, prefixes("10.1.2.3/24"));
    // The first batch finds the other's element; the second would replace it.
    addMasquerade(
      interrupted(lab, 2, () => lab.sh(lab.host, "nft", "flush", "ruleset")),
      owner,
      DUAL,
    );
    expect(ruleset(lab)).toBe(EXPECTED);
  }),
);

needsNft(
  "addMasquerade() keeps networks, prefixes and long names apart",
  inLab((lab) => {
    const nft = client(lab);
    const long = { network: "n".repeat(255), containerId: "c".repeat(300), ifname: "eth0" };
    const all = prefixes(
      "10.1.2.3/24",
      "10.1.2.4/25",
      "10.9.9.9/32",
      "10.8.0.1/0",
      "2001:db8:1111:2222:3333:4444:5555:6666/127",
    );
    addMasquerade(nft, owner, all);
    addMasquerade(nft, long, all);
    expect(checkMasquerade(nft, owner, all)).toBeUndefined();
    expect(checkMasquerade(nft, long, all)).toBeUndefined();
    const text = ruleset(lab);
    expect(text.match(/masquerade/g)?.length).toBe(10);
    lab.sh(lab.host, "nft", "flush", "ruleset");
    lab.sh(lab.host, "nft", text);
    expect(checkMasquerade(nft, long, all)).toBeUndefined();
  }),
);

needsNft(
  "removeMasquerade() removes the owner's addresses, and succeeds when they are gone",
  inLab((lab) => {
    const nft = client(lab);
    addMasquerade(nft, owner, DUAL);
    const before = ruleset(lab);
    const addresses = ips("10.1.2.4", "fd00::4", "10.2.0.4");
    addMasquerade(nft, other, prefixes("10.1.2.4/24", "fd00::4/64"));
    for (let times = 0; times < 3; times++) removeMasquerade(nft, other, addresses);
    expect(ruleset(lab)).toBe(before);
  }),
);

needsNft(
  "removeMasquerade() finds the owner's addresses by itself, in all prefixes",
  inLab((lab) => {
    const nft = client(lab);
    addMasquerade(nft, owner, DUAL);
    addMasquerade(nft, other, prefixes("10.1.2.4/24", "10.3.0.4/16", "fd00::4/64"));
    removeMasquerade(nft, other, undefined);
    const text = ruleset(lab);
    expect(text).not.toContain("id: two");
    expect(checkMasquerade(nft, owner, DUAL)).toBeUndefined();
  }),
);

needsNft(
  "removeMasquerade() leaves alone what another owner has",
  inLab((lab) => {
    const nft = client(lab);
    addMasquerade(nft, owner, DUAL);
    removeMasquerade(nft, other, ips("10.1.2.3", "fd00::3"));
    removeMasquerade(nft, { ...owner, network: "another" }, ips("10.1.2.3", "fd00::3"));
    removeMasquerade(nft, other, undefined);
    expect(ruleset(lab)).toBe(EXPECTED);
  }),
);

needsNft(
  "removeMasquerade() succeeds without table and without set",
  inLab((lab) => {
    const nft = client(lab);
    removeMasquerade(nft, owner, ips("10.1.2.3", "fd00::3"));
    removeMasquerade(nft, owner, undefined);
    lab.sh(lab.host, "nft", "add table ip berth; add table ip6 berth");
    removeMasquerade(nft, owner, ips("10.1.2.3", "fd00::3"));
    removeMasquerade(nft, owner, undefined);
  }),
);

needsNft(
  "checkMasquerade() names what is missing",
  inLab((lab) => {
    const nft = client(lab);
    const set = "masq-6fd94d501e58f0aa-10.1.2.0-24";
    const check = () => checkMasquerade(nft, owner, DUAL);
    const after = (...commands: string[]) => {
      lab.sh(lab.host, "nft", "flush", "ruleset");
      addMasquerade(nft, owner, DUAL);
      expect(check()).toBeUndefined();
      for (const command of commands) lab.sh(lab.host, "nft", command);
      return check();
    };
    expect(check()).toStartWith("table ip berth is missing");
    expect(after("delete table ip6 berth")).toStartWith("table ip6 berth is missing");
    expect(after("flush table ip berth", "delete chain ip berth postrouting")).toStartWith(
      "chain postrouting of table ip berth is missing",
    );
    expect(
      after(
        "delete table ip berth",
        "add table ip berth",
        "add chain ip berth postrouting { type nat hook postrouting priority 90; }",
      ),
    ).toStartWith('chain postrouting of table ip berth is not "type nat hook postrouting priority 101"');
    expect(after("flush chain ip berth postrouting", `delete set ip berth ${set}`)).toStartWith(
      `set ${set} of table ip berth is missing`,
    );
    expect(after("flush chain ip berth postrouting")).toStartWith(`the rule of set ${set} is missing`);
    expect(after(`flush set ip berth ${set}`)).toStartWith(`address 10.1.2.3 is not in set ${set}`);
    expect(after(`flush set ip berth ${set}`, `add element ip berth ${set} { 10.1.2.3 }`)).toStartWith(
      "address 10.1.2.3 is in the name of another",
    );
  }),
);

needsNft(
  "gcMasquerade() removes whoever is not valid any more, of that network only",
  inLab((lab) => {
    const nft = client(lab);
    addMasquerade(nft, owner, DUAL);
    const foreign = 'add element ip berth masq-6fd94d501e58f0aa-10.1.2.0-24 { 10.1.2.99 comment "mine" }';
    for (let i = 0; i < 300; i++)
      addMasquerade(nft, { ...owner, containerId: `gone${i}` }, prefixes(`10.1.2.${(i % 200) + 20}/24`));
    addMasquerade(nft, { ...owner, network: "another" }, prefixes("10.4.0.4/16"));
    expect(gcMasquerade(nft, owner.network, [owner, other])).toBe(200);
    expect(ruleset(lab)).toContain("net: another");
    expect(gcMasquerade(nft, "another", [])).toBe(1);
    lab.sh(lab.host, "nft", foreign);
    expect(gcMasquerade(nft, owner.network, [])).toBe(2);
    expect(ruleset(lab)).toContain('10.1.2.99 comment "mine"');
  }),
);

needsNft(
  "removing and adding do not cost more when there are many",
  inLab((lab) => {
    const nft = client(lab);
    for (let i = 0; i < 2000; i++) {
      addMasquerade(nft, { ...owner, containerId: `c${i}` }, prefixes(`10.1.${i >> 8}.${i & 255}/16`));
    }
    let datagrams = 0;
    const socket = lab.within(lab.host, () => openSocket(NETLINK_NETFILTER));
    const counted = new Client({
      ...socket,
      receive(timeout) {
        datagrams++;
        return socket.receive(timeout);
      },
    });
    addMasquerade(counted, owner, prefixes("10.1.200.3/16"));
    removeMasquerade(counted, owner, ips("10.1.200.3"));
    // The set, an acknowledgement; the list of sets and its end, the element, an acknowledgement.
    expect(datagrams).toBe(6);
  }),
);
