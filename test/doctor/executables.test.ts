/** Faults in /opt/cni/bin: each named, and mended by what doctor says. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cures, DoctoredNode, diagnosisOf, scriptOf } from "../support/doctored.ts";
import { built, namespaces, needs, REFERENCE, reference } from "../support/needs.ts";

const test = needs(namespaces, built);
const FILE = "10-net0.conflist";

describe.skipIf(!namespaces.met() || !built.met())("doctor on executables", () => {
  let node: DoctoredNode;
  const path = (plugin: string) => join(node.bin, plugin);
  beforeAll(() => {
    node = new DoctoredNode();
    node.write(FILE, node.list());
  });
  afterAll(() => node.close());

  test("one that is missing", () => {
    cures(node, () => rmSync(path("portmap")), /plugin portmap is not installed/);
  });

  test("one that is missing and nobody's here: the list is taken out of use", () => {
    const list = node.list({ chained: [{ type: "flannel-x" }] });
    cures(node, () => node.write(FILE, list), /plugin flannel-x is not installed/);
    node.write(FILE, node.list());
  });

  test("no run bit", () => {
    const { findings } = cures(node, () => chmodSync(path("bridge"), 0o644), /bridge may not be executed/);
    expect(findings[0]?.mend).toEqual([`chmod +x ${path("bridge")}`]);
  });

  test("one for another architecture", () => {
    const other = Uint8Array.from(readFileSync(path("host-local")));
    other[18] = other[18] === 183 ? 62 : 183;
    cures(node, () => writeFileSync(path("host-local"), other), /host-local is for another architecture/);
  });

  test("one that is no program", () => {
    cures(node, () => writeFileSync(path("tuning"), "<html>not found</html>"), /tuning is no program/);
  });

  test("a program that is no plugin", () => {
    cures(
      node,
      () => {
        node.write(FILE, node.list({ chained: [{ type: "mine" }] }));
        writeFileSync(path("mine"), "#!/bin/sh\necho hello\n");
        chmodSync(path("mine"), 0o755);
      },
      /mine does not say which versions it speaks/,
    );
    node.write(FILE, node.list());
  });

  test("a plugin that is older than the list's version", () => {
    const old = '#!/bin/sh\ncat >/dev/null\necho \'{"cniVersion":"0.4.0","supportedVersions":["0.3.1","0.4.0"]}\'\n';
    const { findings } = cures(
      node,
      () => {
        writeFileSync(path("mine"), old);
        chmodSync(path("mine"), 0o755);
        node.write(FILE, node.list({ chained: [{ type: "mine" }] }));
      },
      /plugin mine does not speak version 1.0.0 of network net0/,
    );
    expect(findings[0]?.evidence).toContain("0.3.1, 0.4.0");
    expect(JSON.parse(node.read(FILE)).cniVersion).toBe("0.4.0");
    node.write(FILE, node.list());
  });

  test("a wrong CNI_PATH: export, in the same shell", () => {
    const wrong = `export CNI_PATH=${join(node.lab.dir, "nowhere")}`;
    const doctor = `${node.berth} doctor -o json --conf ${node.conf} --cache-dir ${node.cache}`;
    const said = diagnosisOf(node.attempt(`${wrong}\n${doctor} || true`));
    expect(said.findings.map(({ what }) => what)).toEqual([`CNI_PATH leads to no directory: ${node.lab.dir}/nowhere`]);
    expect(diagnosisOf(node.attempt([wrong, scriptOf(said), doctor].join("\n"))).findings).toEqual([]);
  });

  needs(
    namespaces,
    built,
    reference,
  )("the reference's plugins are well, and called so", () => {
    for (const plugin of ["bridge", "host-local", "portmap", "firewall", "tuning"]) {
      rmSync(path(plugin));
      copyFileSync(join(REFERENCE, plugin), path(plugin));
      chmodSync(path(plugin), 0o755);
    }
    const { stdout, status } = node.lab.attempt(node.lab.host, ...node.words());
    expect(stdout).toMatch(/bridge, host-local, portmap, firewall, tuning \(the reference's v1/);
    expect(status).toBe(0);
    for (const plugin of ["bridge", "host-local", "portmap", "firewall", "tuning"]) node.install(plugin);
  });
});
