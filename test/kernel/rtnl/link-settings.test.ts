/** The verbs of rtnl/link.ts and tune-link.ts that change a link, against the kernel, looked at with `ip`. */
import { expect } from "bun:test";
import { EADDRNOTAVAIL, EINVAL } from "../../../src/base/errno.ts";
import { findLink } from "../../../src/rtnl/find-link.ts";
import {
  addBridge,
  setAlias,
  setDown,
  setMac,
  setNoLinkLocal,
  setPort,
  setPromisc,
  setUp,
  setUpNotifying,
  setUpPort,
} from "../../../src/rtnl/link.ts";
import { setMtu, setTxqlen, switchAllmulti, switchPromisc } from "../../../src/rtnl/tune-link.ts";
import { inLab } from "../../support/lab.ts";
import { BRIDGE, change, indexOf, look, mac, needsLinks, pair, refused, using } from "./links.ts";

needsLinks(
  "setAlias() sets any text of up to 254 bytes, and takes it away",
  inLab((lab) => {
    pair(lab);
    for (const alias of ["berth:net/c1/eth0", "é".repeat(127), ""]) {
      change(lab, lab.host, setAlias("v0", alias));
      expect(look(lab, lab.host, "v0").ifalias ?? "").toBe(alias);
    }
  }),
);

needsLinks(
  "setAlias() sets the 254 bytes that it promises",
  inLab((lab) => {
    pair(lab);
    change(lab, lab.host, setAlias("v0", "x".repeat(254)));
    expect(look(lab, lab.host, "v0").ifalias).toBe("x".repeat(254));
  }),
);

needsLinks(
  "setPort() switches hairpin and isolation on and off",
  inLab((lab) => {
    pair(lab);
    const port = () => look(lab, lab.host, "v0").linkinfo.info_slave_data;
    change(lab, lab.host, setPort("v0", { hairpin: true, isolated: false }));
    expect(port()).toMatchObject({ hairpin: true, isolated: false });
    change(lab, lab.host, setPort(indexOf(lab, lab.host, "v0"), { hairpin: false, isolated: true }));
    expect(port()).toMatchObject({ hairpin: false, isolated: true });
  }),
);

needsLinks(
  "setUpPort() sets a port, its alias, and brings it up",
  inLab((lab) => {
    pair(lab);
    change(lab, lab.host, setUpPort("v0", { hairpin: true, isolated: true }, "somebody's"));
    const { flags, ifalias, linkinfo } = look(lab, lab.host, "v0");
    expect([flags.includes("UP"), ifalias]).toEqual([true, "somebody's"]);
    expect(linkinfo.info_slave_data).toMatchObject({ hairpin: true, isolated: true });
  }),
);

needsLinks(
  "setUp() and setDown() change the one flag",
  inLab((lab) => {
    const ns = pair(lab);
    const flags = () => look(lab, lab.host, "v0").flags;
    change(lab, lab.host, setPromisc("v0"), setUp("v0"), setUp("br0"));
    change(lab, ns, setUp("eth0"));
    expect(flags()).toEqual(expect.arrayContaining(["PROMISC", "UP", "LOWER_UP"]));
    change(lab, lab.host, setDown("v0"));
    expect(flags()).not.toContain("UP");
    expect(flags()).toContain("PROMISC");
  }),
);

needsLinks(
  "setPromisc() makes an interface hear everything, once however often",
  inLab((lab) => {
    change(lab, lab.host, addBridge(BRIDGE), setPromisc("br0"), setPromisc("br0"));
    expect(look(lab, lab.host, "br0")).toMatchObject({ promiscuity: 1, flags: expect.arrayContaining(["PROMISC"]) });
  }),
);

needsLinks(
  "switchPromisc() and switchAllmulti() set their flags, and take them away",
  inLab((lab) => {
    const ns = pair(lab);
    const flags = () => look(lab, ns, "eth0").flags.filter((flag: string) => /PROMISC|ALLMULTI/.test(flag));
    change(lab, ns, switchPromisc("eth0", true), switchAllmulti("eth0", true));
    expect(flags().sort()).toEqual(["ALLMULTI", "PROMISC"]);
    change(lab, ns, switchPromisc("eth0", false));
    expect(flags()).toEqual(["ALLMULTI"]);
    change(lab, ns, switchAllmulti("eth0", false));
    expect(flags()).toEqual([]);
  }),
);

needsLinks(
  "setMtu() and setTxqlen() set what they say, and the kernel refuses what a veth cannot have",
  inLab((lab) => {
    const ns = pair(lab);
    change(lab, ns, setMtu("eth0", 1400), setTxqlen("eth0", 500));
    expect(look(lab, ns, "eth0")).toMatchObject({ mtu: 1400, txqlen: 500 });
    change(lab, ns, setTxqlen("eth0", 0));
    expect(using(lab, ns, (client) => findLink(client, "eth0"))?.txqlen).toBe(0);
    for (const mtu of [67, 65_536]) expect(refused(lab, ns, setMtu("eth0", mtu)).errno).toBe(EINVAL);
    expect(refused(lab, ns, setMac("eth0", mac("01:00:00:00:00:01"))).errno).toBe(EADDRNOTAVAIL);
  }),
);

needsLinks(
  "setMac() sets the address, of a link that is up too",
  inLab((lab) => {
    const ns = pair(lab);
    change(lab, ns, setUp("eth0"), setMac("eth0", mac("02:00:00:00:00:77")));
    expect(look(lab, ns, "eth0").address).toBe("02:00:00:00:00:77");
  }),
);

needsLinks(
  "setUpNotifying() has the link announce its addresses",
  inLab((lab) => {
    const ns = pair(lab);
    change(lab, ns, setUpNotifying("eth0"));
    expect(look(lab, ns, "eth0").flags).toContain("UP");
    expect(lab.sh(ns, "cat", "/proc/sys/net/ipv4/conf/eth0/arp_notify")).toBe("1\n");
  }),
);

needsLinks(
  "setNoLinkLocal() leaves a link that comes up without an address",
  inLab((lab) => {
    const ns = pair(lab);
    change(lab, ns, setNoLinkLocal("eth0"), setUp("eth0"));
    change(lab, lab.host, setUp("v0"));
    Bun.sleepSync(100);
    const addresses = (name: string, where: string) => look(lab, where, name).addr_info;
    expect(addresses("eth0", ns)).toEqual([]);
    expect(addresses("v0", lab.host)).not.toEqual([]);
    expect(lab.sh(ns, "cat", "/proc/sys/net/ipv6/conf/eth0/addr_gen_mode")).toBe("1\n");
  }),
);
