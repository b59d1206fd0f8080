/** `berth explain WORD --whose`: what a word means, and what belongs to whom. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Lab, openLab } from "../support/lab.ts";
import { built, isMet, namespaces } from "../support/needs.ts";
import { addMember, explain } from "./explain-net.ts";

const canRun = [namespaces, built].every(isMet);

let lab: Lab;
let ns: string;

beforeAll(() => {
  if (!canRun) return;
  lab = openLab();
  ns = lab.container();
  const pod = (name: string) =>
    [
      ["K8S_POD_NAMESPACE", "shop"],
      ["K8S_POD_NAME", name],
    ] as const;
  const ports = [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }];
  addMember(lab, { id: "aaaa1111", ns, args: pod("web"), ports });
  addMember(lab, { id: "aaaa2222", ns: lab.container(), args: pod("cart") });
});

afterAll(() => lab?.close());

const ids = (stdout: string): string[] =>
  JSON.parse(stdout).explanations.map((one: { belongings: { containerId: string } }) => one.belongings.containerId);

describe.skipIf(!canRun)("explain --whose", () => {
  const words: [string, () => string][] = [
    ["its id", () => "aaaa1111"],
    ["the beginning of its id", () => "aaaa1"],
    ["its pod", () => "web"],
    ["its pod with the namespace", () => "shop/web"],
    ["its address", () => "10.77.0.2"],
    [
      "the host's end",
      () => lab.ports().find((name) => lab.ipj(lab.host, "link", "show", name)[0].ifalias.includes("aaaa1")) ?? "",
    ],
    ["its lease", () => `${lab.store}/labnet/10.77.0.2`],
    ["its namespace's path", () => `/run/netns/${ns}`],
    ["its namespace's name", () => ns],
    ["its port on the host", () => ":8080"],
    ["its port with the protocol", () => "8080/tcp"],
  ];
  for (const [what, word] of words) {
    test(`finds a container by ${what}`, () => {
      const { code, stdout, stderr } = explain(lab, word(), "--whose", "-o", "json");
      expect(stderr).toBe("");
      expect(ids(stdout)).toEqual(["aaaa1111"]);
      expect(code).toBe(0);
    });
  }

  test("says what is whose", () => {
    const { stdout } = explain(lab, "web", "--whose");
    const lines = stdout.split("\n").map((line) => line.split(/ {2,}/));
    const said = Object.fromEntries(lines.filter(([name]) => name));
    expect(said.container).toBe("aaaa1111 (pod shop/web)");
    expect(said.network).toBe(`labnet, eth0 in /run/netns/${ns}, alive`);
    expect(said.addresses).toBe("10.77.0.2/24");
    expect(said.leases).toBe(`${lab.store}/labnet/10.77.0.2`);
    expect(said.ports).toBe("8080/tcp to 80");
    expect(lab.ports()).toContain(said["host's end"] ?? "");
  });

  test("names what is near where there is no such container, and asks which where there are two", () => {
    expect(explain(lab, "aaab")).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("aaaa1111") });
    expect(explain(lab, "aaaa")).toMatchObject({
      code: 2,
      stderr: 'berth: "aaaa" is of several containers: aaaa1111, aaaa2222\n',
    });
    expect(explain(lab, "8081/tcp").code).toBe(2);
  });

  test("refuses options that are wrong, with the value", () => {
    expect(explain(lab, "web", "--to", "nowhere").stderr).toStartWith('berth: --to: "nowhere" is no address');
    expect(explain(lab, "web", "--port", "0").stderr).toStartWith('berth: --port: "0" is no port');
    expect(explain(lab, "web", "--port", "80", "--to", "10.0.0.1").code).toBe(2);
  });

  test("follows a packet of a namespace that no cache knows", () => {
    const bare = lab.container();
    lab.sh(lab.host, "ip", "link", "add", "bare0", "type", "veth", "peer", "name", "eth0", "netns", bare);
    const { code, stdout } = explain(lab, bare, "-o", "json");
    const [{ belongings, hops }] = JSON.parse(stdout).explanations;
    expect(belongings).toBeUndefined();
    expect(hops[0]).toMatchObject({ name: "container's interface", state: "broken" });
    expect(code).toBe(1);
  });

  test("says that a container is gone, and what is left of it", () => {
    const gone = lab.container();
    addMember(lab, { id: "cccc3333", ns: gone });
    lab.sh(lab.host, "ip", "netns", "del", gone);
    // The kernel takes the interfaces away after the namespace.
    for (let i = 0; i < 100 && lab.ports().length > 2; i++) Bun.sleepSync(20);
    const { code, stdout } = explain(lab, "cccc3333");
    expect(stdout).toContain("broken: container cccc3333 is gone");
    expect(stdout).toContain("its address 10.77.0.4 is still leased");
    expect(code).toBe(1);
  });
});
