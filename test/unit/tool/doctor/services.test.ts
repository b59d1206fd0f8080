/** What doctor makes of what berthd says; test/doctor/services.test.ts has the faults that can be seeded in seconds. */
import { expect, test } from "bun:test";
import type { NamedDifference } from "../../../../src/service/operate/compare.ts";
import type { Berthd, BerthdStatus, Facts, StaleSource } from "../../../../src/tool/doctor/facts.ts";
import { checkServices, seenServices } from "../../../../src/tool/doctor/services.ts";

const STATUS: BerthdStatus = {
  version: "1.2.3",
  pid: 7,
  services: 2,
  revision: 5,
  applied: 5,
  problems: {},
  conflicts: [],
  sources: {},
};

const factsOf = (berthd: Berthd | undefined, tables: ("ip" | "ip6")[] = ["ip", "ip6"]) =>
  ({ services: berthd && { socket: "/s", tables, berthd } }) as unknown as Facts;

function answering(over: Partial<Extract<Berthd, { is: "answering" }>> = {}): Berthd {
  return { is: "answering", status: STATUS, differences: [], stale: [], ...over };
}

const stale = (over: Partial<StaleSource>): StaleSource => ({
  name: "files",
  path: "/d",
  age: 62,
  isElsewhere: false,
  files: ["web.json"],
  ...over,
});

test("nothing is wrong where there is no berthd, where it may not be asked, and where all is well", () => {
  for (const berthd of [undefined, { is: "unseen" }, answering(), answering({ differences: undefined })] as const)
    expect(checkServices(factsOf(berthd))).toEqual([]);
  expect(seenServices(factsOf(answering()))).toBe("berthd 1.2.3: 2 services, revision 5 in the kernel");
});

test("one that hangs is started anew, and what clients get is said", () => {
  const [finding, ...more] = checkServices(factsOf({ is: "hanging", pid: "7" }));
  expect(more).toEqual([]);
  expect(finding).toMatchObject({ severity: "error", what: "berthd takes questions and does not answer" });
  expect([finding?.evidence, finding?.mend]).toEqual([
    "/s: nothing within 5 s; nft list tables: ip berth-services, ip6 berth-services",
    ["systemctl restart berthd"],
  ]);
  expect(checkServices(factsOf({ is: "dead" }, []))[0]?.consequence).toContain("no service address leads anywhere");
});

test("a watcher that is stale is told to list again", () => {
  const files = ["a.json", "b.json", "c.json", "d.json"];
  const [one, two] = checkServices(factsOf(answering({ stale: [stale({}), stale({ files, isElsewhere: true })] })));
  expect(one).toMatchObject({
    what: "berthd has not taken what is in /d: web.json",
    evidence: "its source files listed it 62 s ago",
    mend: ["kill -HUP 7"],
  });
  expect(two?.what).toBe("berthd has not taken what is in /d: a.json, b.json, c.json and 1 more");
  expect(two?.mend).toEqual(["systemctl restart berthd"]);
});

test("a directory that cannot be read is one finding", () => {
  const problems = { files: ["/d: permission denied: what was read last stays"] };
  const findings = checkServices(factsOf(answering({ status: { ...STATUS, problems }, stale: [stale({})] })));
  expect(findings.map(({ what }) => what)).toEqual(["berthd cannot take all that its source files has"]);
  const broken = { files: ["/d/web.json: kind: absent: expected Service"] };
  expect(
    checkServices(factsOf(answering({ status: { ...STATUS, problems: broken }, stale: [stale({})] }))),
  ).toHaveLength(2);
});

test("of many differences some are told, and how many more there are", () => {
  const difference = (i: number): NamedDifference => ({
    what: `endpoint 10.1.0.${i}:80 of service a/b, port http/tcp (IPv4)`,
    service: "a/b:http/tcp",
    family: "IPv4",
    says: "in the store and not in the kernel",
    evidence: "table ip berth-services: endpoints { … }",
  });
  const findings = checkServices(
    factsOf(answering({ differences: Array.from({ length: 25 }, (_, i) => difference(i)) })),
  );
  expect(findings).toHaveLength(21);
  expect(findings[0]?.what).toBe(
    "endpoint 10.1.0.0:80 of service a/b, port http/tcp (IPv4) is in the store and not in the kernel",
  );
  expect(findings[20]?.what).toBe("5 more are not the same in the store and in the kernel");
});
