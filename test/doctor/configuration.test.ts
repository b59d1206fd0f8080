/** Faults in the files of /etc/cni/net.d: each named, and mended by what doctor says. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cures, DoctoredNode } from "../support/doctored.ts";
import { built, namespaces, needs } from "../support/needs.ts";

const test = needs(namespaces, built);
const FILE = "10-net0.conflist";

describe.skipIf(!namespaces.met() || !built.met())("doctor on configurations", () => {
  let node: DoctoredNode;
  beforeAll(() => {
    node = new DoctoredNode();
    node.write(FILE, node.list());
  });
  afterAll(() => node.close());

  const edit = (from: string, to: string) => () => {
    const text = node.read(FILE);
    expect(text).toContain(from);
    node.write(FILE, text.replace(from, to));
  };

  test("a trailing comma: line and column, and a sed that takes it away", () => {
    const { findings } = cures(node, edit('"ipMasq": true,', '"ipMasq": true,,'), /is not JSON/);
    expect(findings[0]?.evidence).toContain(`${FILE}:9:`);
    expect(node.read(FILE)).toContain('"ipMasq": true,\n');
  });

  test("a missing comma", () => {
    cures(node, edit('"ipMasq": true,', '"ipMasq": true'), /is not JSON/);
  });

  test("a comment, which JSON has not", () => {
    cures(node, edit('"ipMasq": true,', '"ipMasq": true, // as docker'), /is not JSON/);
  });

  test("a text without its quote: only a person knows, else it is taken out of use", () => {
    cures(node, edit('"ipMasq": true,', '"ipMasq: true,'), /is not JSON/);
    expect(existsSync(join(node.conf, `${FILE}.unused`))).toBe(true);
    node.write(FILE, node.list());
  });

  test("a file without a name", () => {
    cures(node, () => node.write("30-x.conf", { type: "bridge" }), /is no network configuration/);
  });

  test("a misspelt key of a plugin, of its IPAM plugin, of the list and of capabilities", () => {
    const { findings } = cures(
      node,
      () => {
        edit('"isGateway"', '"isGatewy"')();
        edit('"subnet"', '"subent"')();
        edit('"plugins": [', '"disableChek": true,\n  "plugins": [')();
        edit('"portMappings"', '"portMapping"')();
      },
      /"isGatewy".*"isGateway" is meant/,
    );
    const what = findings.map((finding) => finding.what).join("\n");
    for (const key of ["subnet", "disableCheck", "portMappings"]) expect(what).toContain(`"${key}" is meant`);
    node.write(FILE, node.list());
  });

  test("a key in the plugin that belongs into its ipam", () => {
    const list = node.list();
    list.plugins[0].dataDir = list.plugins[0].ipam.dataDir;
    delete list.plugins[0].ipam.dataDir;
    cures(node, () => node.write(FILE, list), /"dataDir" there: it belongs into "ipam"/);
    expect(JSON.parse(node.read(FILE))).toEqual(node.list());
  });

  test("a value between quotes", () => {
    const { findings } = cures(node, edit('"isGateway": true', '"isGateway": "true"'), /"plugins\[0\].isGateway"/);
    expect(findings[0]?.evidence).toContain("boolean");
    expect(JSON.parse(node.read(FILE))).toEqual(node.list());
  });

  test("a range outside of its subnet, which the plugin itself refuses", () => {
    const list = node.list({ ipam: { ranges: [[{ subnet: "10.4.0.0/24", rangeStart: "10.5.0.2" }]] } });
    cures(node, () => node.write(FILE, list), /refuses the configuration of network net0/);
    node.write(FILE, node.list());
  });

  test("two files for one name", () => {
    const { findings } = cures(
      node,
      () => node.write("20-again.conflist", node.list()),
      /two files configure network net0/,
    );
    expect(findings[0]?.mend.join()).toContain("20-again.conflist");
  });

  test("two networks of one subnet", () => {
    const other = node.list({ name: "net1", bridge: { bridge: "ndc1" } });
    cures(node, () => node.write("20-net1.conflist", other), /net0 and net1 give out the same addresses/);
  });

  test("says which file counts where there are several", () => {
    const path = node.write(
      "20-net1.conflist",
      node.list({ name: "net1", bridge: { bridge: "ndc1" }, subnet: "10.5.0.0/24" }),
    );
    const { stdout, status } = node.lab.attempt(node.lab.host, ...node.words());
    expect(stdout).toContain("2 networks in 2 files, of which Kubernetes' runtimes take 10-net0.conflist");
    expect(status).toBe(0);
    rmSync(path);
  });
});
