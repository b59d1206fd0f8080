/** The keys that ask for VLANs, and what is asked of the kernel for them. */
import { describe, expect, test } from "bun:test";
import { EOPNOTSUPP } from "../../../../src/base/errno.ts";
import type { Host } from "../../../../src/host/host.ts";
import { NetlinkError } from "../../../../src/netlink/error.ts";
import { readConfig } from "../../../../src/plugins/bridge/config.ts";
import {
  assertFiltering,
  joinVlans,
  missingVlans,
  type PortVlans,
  readPortVlans,
  vlansOf,
} from "../../../../src/plugins/bridge/vlan.ts";
import type { Vlans } from "../../../../src/rtnl/vlan.ts";
import { fakeHost } from "../../../support/fakehost.ts";
import { refusal, refusalOf } from "../../../support/refusal.ts";
import { bridgeCall } from "./call.ts";

const port = (over: Partial<PortVlans> = {}): PortVlans => ({ vlan: 0, trunk: [], preserveDefault: false, ...over });
const plain = (first: number, last = first): Vlans => ({ first, last, pvid: false, untagged: false });
const native = (vid: number): Vlans => ({ first: vid, last: vid, pvid: true, untagged: true });

describe("readPortVlans()", () => {
  test("sorts the trunk, each VLAN once", () => {
    const vlanTrunk = [{ id: 7 }, { minID: 5, maxID: 8, id: 3 }, { id: 4094 }, {}];
    expect(readPortVlans({ vlan: 100, vlanTrunk, preserveDefaultVlan: true }, "br0")).toEqual({
      vlan: 100,
      trunk: [3, 5, 6, 7, 8, 4094],
      preserveDefault: true,
    });
  });

  test.each([-1, 4095, 70000])("refuses the VLAN %d in the reference's words", (vlan) => {
    expect(refusalOf(() => readPortVlans({ vlan }, undefined))).toEqual([
      7,
      `invalid VLAN ID ${vlan} (must be between 0 and 4094)`,
    ]);
  });

  test.each([
    [{ minID: 0, maxID: 5 }, "incorrect trunk minID parameter"],
    [{ minID: 4095, maxID: 5 }, "incorrect trunk minID parameter"],
    [{ minID: 5, maxID: 4095 }, "incorrect trunk maxID parameter"],
    [{ minID: 5, maxID: 0 }, "incorrect trunk maxID parameter"],
    [{ minID: 6, maxID: 5 }, "minID is greater than maxID in trunk parameter"],
    [{ maxID: 5 }, "minID and maxID should be configured simultaneously, minID is missing"],
    [{ minID: 5 }, "minID and maxID should be configured simultaneously, maxID is missing"],
    [{ id: 0 }, "incorrect trunk id parameter"],
    [{ minID: 1, maxID: 2, id: 4095 }, "incorrect trunk id parameter"],
  ])("refuses the item %j in the reference's words", (item, message) => {
    const error = refusal(() => readPortVlans({ vlanTrunk: [{ id: 2 }, item] }, undefined));
    expect([error.code, error.message]).toEqual([7, message]);
    expect(error.details).toContain(JSON.stringify(item));
  });

  test("refuses a gateway whose interface could not be named", () => {
    expect(readPortVlans({ vlan: 100 }, "b2345678901").vlan).toBe(100);
    expect(refusalOf(() => readPortVlans({ vlan: 1000 }, "b2345678901"))[1]).toContain(
      '"b2345678901.1000" is too long',
    );
    expect(readPortVlans({ vlan: 1000 }, undefined).vlan).toBe(1000);
  });
});

describe("readConfig()", () => {
  const vlansIn = (conf: object) => readConfig(bridgeCall({ conf: { ...conf } })).vlans;

  test("reads VLANs where a key asks for some, an empty trunk included", () => {
    expect(vlansIn({ vlan: 5 })).toEqual(port({ vlan: 5 }));
    expect(vlansIn({ vlanTrunk: [] })).toEqual(port());
    expect(vlansIn({ vlanTrunk: [{ ID: 5, minId: 8, MAXID: 9 }] })).toEqual(port({ trunk: [5, 8, 9] }));
  });

  test("takes the bridge's name into account only with a gateway", () => {
    const long = { bridge: "b2345678901234", vlan: 10 };
    expect(vlansIn(long)).toEqual(port({ vlan: 10 }));
    expect(refusalOf(() => vlansIn({ ...long, isDefaultGateway: true }))[0]).toBe(7);
  });
});

describe("vlansOf()", () => {
  test("puts the native VLAN before a trunk, and VLAN 1 after it where there is none", () => {
    expect(vlansOf(port({ vlan: 100 }))).toEqual([native(100)]);
    expect(vlansOf(port({ vlan: 100, trunk: [5, 6, 7, 9] }))).toEqual([native(100), plain(5, 7), plain(9)]);
    expect(vlansOf(port({ trunk: [1, 5] }))).toEqual([plain(1), plain(5), native(1)]);
    expect(vlansOf(port())).toEqual([]);
  });
});

/** A host whose ports have these VLANs, or whose kernel refuses to say. */
function hostWith(answer: Vlans[] | NetlinkError) {
  const host = fakeHost();
  const ask = (() => {
    if (answer instanceof NetlinkError) throw answer;
    return answer;
  }) as Host["ask"];
  return { ...host, ask, link: host.put({ name: "v0", kind: "veth", index: 3 }) };
}

describe("joinVlans()", () => {
  const joined = (vlans: PortVlans) => {
    const host = hostWith([native(1)]);
    joinVlans(host, host.link, vlans);
    return host.log;
  };

  test("takes the port out of the default VLAN and puts it into its own", () => {
    expect(joined(port({ vlan: 100, trunk: [5, 6] }))).toEqual([
      "host: bridge vlan del dev v0 vid 1 pvid untagged",
      "host: bridge vlan add dev v0 vid 100 pvid untagged, vid 5-6",
    ]);
  });

  test("leaves the default VLAN where it is to be preserved, and a port of no VLAN as it is", () => {
    expect(joined(port({ vlan: 100, preserveDefault: true }))).toEqual([
      "host: bridge vlan add dev v0 vid 100 pvid untagged",
    ]);
    expect(joined(port())).toEqual([]);
  });

  test("says which port could not be put there", () => {
    const host = hostWith(new NetlinkError("bridge vlan show dev 3", EOPNOTSUPP));
    expect(refusalOf(() => joinVlans(host, host.link, port({ vlan: 5 })))[1]).toStartWith(
      "failed to setup vlan tag on interface v0: bridge vlan show dev 3: ",
    );
  });
});

describe("assertFiltering()", () => {
  const check = (answer: Vlans[] | NetlinkError, vlans: PortVlans, vlanFiltering = true) => {
    const host = hostWith(answer);
    const warnings: string[] = [];
    assertFiltering(host, host.put({ name: "br0", kind: "bridge", vlanFiltering }), vlans, (line) =>
      warnings.push(line),
    );
    return warnings;
  };
  const lacking = new NetlinkError("bridge vlan show dev 2", EOPNOTSUPP);

  test("names the kernel's option and the key that needs it", () => {
    for (const [vlans, field] of [
      [port({ vlan: 100, trunk: [5] }), "vlan 100"],
      [port({ trunk: [5, 6] }), "vlanTrunk [5,6]"],
    ] as const) {
      const { code, message } = refusal(() => check(lacking, vlans));
      expect([code, message]).toEqual([
        2,
        `unsupported field: ${field}: this kernel is built without CONFIG_BRIDGE_VLAN_FILTERING`,
      ]);
    }
  });

  test("does not ask the kernel for what needs nothing of it", () => {
    expect(check(lacking, port())).toEqual([]);
  });

  test("warns of a bridge that does not filter", () => {
    expect(check([native(1)], port({ vlan: 5 }))).toEqual([]);
    expect(check([native(1)], port({ vlan: 5 }), false)).toEqual([
      expect.stringContaining("br0 does not filter VLANs"),
    ]);
  });
});

describe("missingVlans()", () => {
  const missing = (present: Vlans[], vlans: PortVlans) => {
    const host = hostWith(present);
    return missingVlans(host, host.link, vlans);
  };

  test("is satisfied by what joinVlans() asks for, ranges or not", () => {
    expect(missing([native(100), plain(5, 7)], port({ vlan: 100, trunk: [5, 6, 7] }))).toBeUndefined();
    expect(missing([plain(5), plain(6), native(1)], port({ trunk: [5, 6] }))).toBeUndefined();
    expect(missing([plain(5)], port({ vlan: 5, trunk: [5] }))).toBeUndefined();
    expect(missing([], port())).toBeUndefined();
  });

  test("names the VLAN that is missing, or is not the PVID", () => {
    expect(missing([native(1)], port({ vlan: 100 }))).toBe("VLAN 100 is missing");
    expect(missing([native(100), plain(5)], port({ vlan: 100, trunk: [5, 6] }))).toBe("VLAN 6 is missing");
    expect(missing([plain(100)], port({ vlan: 100 }))).toBe("VLAN 100 is not its PVID");
    expect(missing([plain(5), plain(1)], port({ trunk: [5] }))).toBe("VLAN 1 is not its PVID");
  });
});
