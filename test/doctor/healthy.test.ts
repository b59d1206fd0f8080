/** No false alarms: a healthy node with many containers, and what a doctor without root can say. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { DoctoredNode } from "../support/doctored.ts";
import { built, namespaces, needs } from "../support/needs.ts";

const test = needs(namespaces, built);
const CONTAINERS = 50;

test("doctor says nothing of a node before its first container, which does not forward yet", () => {
  const node = new DoctoredNode();
  try {
    node.write("10-net0.conflist", node.list());
    node.sh("sysctl -qw net.ipv4.ip_forward=0");
    expect(node.doctor()).toEqual({ status: 0, findings: [], unseen: [] });
  } finally {
    node.close();
  }
});

describe.skipIf(!namespaces.met() || !built.met())("doctor on a healthy node", () => {
  let node: DoctoredNode;
  beforeAll(() => {
    node = new DoctoredNode();
    const list = node.list();
    node.write("nerdctl-bridge.conflist", {
      ...list,
      nerdctlID: "17f29b073143",
      nerdctlLabels: { "nerdctl/default-network": "true" },
    });
    for (let i = 0; i < CONTAINERS; i++) {
      node.attach(list, `c${i}`, { portMappings: [{ hostPort: 9000 + i, containerPort: 80, protocol: "tcp" }] });
    }
  });
  afterAll(() => node.close());

  test("says nothing of 50 containers of nerdctl's list", () => {
    expect(node.doctor()).toEqual({ status: 0, findings: [], unseen: [] });
  });

  test("prints a line for each group, and a sum", () => {
    const { stdout, stderr, status } = node.lab.attempt(node.lab.host, ...node.words("net0"));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.split(/\s/, 1)[0])).toEqual([
      "configuration",
      "executables",
      "kernel",
      "bridges",
      "leases",
      "rules",
      "containers",
      "",
      "nothing",
    ]);
    expect(lines.filter((line) => line.endsWith(": ok"))).toHaveLength(7);
    expect(lines.at(-1)).toMatch(/^nothing is wrong \(50 containers, \d+ ms\)$/);
  });

  test("a network that there is not: what would help", () => {
    const { status, stderr, stdout } = node.lab.attempt(node.lab.host, ...node.words("nett0"));
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain('there is no network "nett0"');
  });

  test("without root it says what it could not see, and nothing false", () => {
    const words = node.words("-o", "json").join(" ");
    const output = node.attempt(
      `chmod -R a+rX ${node.lab.dir}; setpriv --reuid=65534 --regid=65534 --clear-groups ${words}`,
    );
    const { findings, unseen } = JSON.parse(output.stdout).groups
      ? {
          findings: JSON.parse(output.stdout).groups.flatMap((group: { findings: unknown[] }) => group.findings),
          unseen: JSON.parse(output.stdout).unseen,
        }
      : { findings: undefined, unseen: undefined };
    expect(findings).toEqual([]);
    expect(unseen.join("\n")).toContain("nft list ruleset");
    expect(unseen.join("\n")).toContain("/run/netns/");
  });
});
