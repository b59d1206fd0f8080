/** Faults of berthd and of its rules: each is one finding, its mend cures it, and a healthy node has none. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, sh } from "../support/command.ts";
import { cures, DoctoredNode, diagnosisOf } from "../support/doctored.ts";
import { built, can, namespaces, needs, nftables } from "../support/needs.ts";
import { until } from "../support/service/berthd.ts";
import { serviceObject, sliceObject } from "../support/service/objects.ts";

const MAIN = join(import.meta.dir, "../../src/service/bun/main.ts");
const curl = can("root and curl", "curl", "--version");
const test = needs(namespaces, built, nftables, curl);
const ENDPOINTS = "nft -j list map ip berth-services endpoints";

/** A node whose doctor asks a berthd of its own, which a stand-in of systemctl starts in a mount namespace of its own. */
class ServiceNode extends DoctoredNode {
  readonly directory = join(this.lab.dir, "services.d");
  readonly socket = join(this.lab.dir, "berthd.sock");

  constructor() {
    super();
    const bin = join(this.lab.dir, "sbin");
    const config = join(this.lab.dir, "berthd.json");
    mkdirSync(bin);
    mkdirSync(this.directory);
    writeFileSync(
      config,
      JSON.stringify({ node: "n1", files: this.directory, cni: join(this.lab.dir, "endpoints"), socket: this.socket }),
    );
    const run = `ip netns exec ${this.lab.host} ${process.execPath} ${MAIN} run --config ${config}`;
    const script = `#!/bin/sh
      [ "$1" = restart ] && kill -KILL $(cat ${this.socket}.pid)
      setsid unshare -m ${run} >/dev/null 2>>${this.lab.dir}/log &
      for i in $(seq 200); do
        curl -sf --unix-socket ${this.socket} http://b/readyz >/dev/null && exit 0
        sleep 0.05
      done
      exit 1`;
    writeFileSync(join(bin, "systemctl"), script);
    chmodSync(join(bin, "systemctl"), 0o755);
  }

  override words(...more: string[]): string[] {
    return super.words("--socket", this.socket, ...more);
  }

  override attempt(script: string) {
    return super.attempt(`PATH=${this.lab.dir}/sbin:$PATH\n${script}`);
  }

  get pid(): string {
    return readFileSync(`${this.socket}.pid`, "utf8").trim();
  }

  put(name: string, ...items: object[]): void {
    writeFileSync(join(this.directory, name), JSON.stringify({ kind: "List", items }));
  }

  /** Changes the kernel's rules while berthd cannot see it, and lets it go on. */
  behind(script: string): void {
    this.sh(`kill -STOP ${this.pid}; ${script}; kill -CONT ${this.pid}`);
  }

  override close(): void {
    attempt(undefined, "sh", "-c", `kill -KILL $(cat ${this.socket}.pid)`);
    attempt(undefined, "umount", this.directory);
    super.close();
  }
}

describe.skipIf(![namespaces, built, nftables, curl].every((need) => need.met()))("doctor on services", () => {
  let node: ServiceNode;
  beforeAll(() => {
    node = new ServiceNode();
    node.write("10-net0.conflist", node.list());
  });
  afterAll(() => node.close());

  test("says nothing of a machine without berthd, nor of a healthy one", () => {
    expect(node.doctor()).toEqual({ status: 0, findings: [], unseen: [] });
    node.put("web.json", serviceObject("web"), sliceObject("web", ["10.1.0.2", "10.1.0.3"]));
    node.sh("systemctl start berthd");
    expect(node.doctor()).toEqual({ status: 0, findings: [], unseen: [] });
    const { stdout } = node.lab.attempt(node.lab.host, ...node.words());
    const words = node.words("-o", "json").join(" ");
    const nobody = `chmod -R a+rX ${node.lab.dir}; setpriv --reuid=65534 --regid=65534 --clear-groups ${words}`;
    const { findings, unseen } = diagnosisOf(node.attempt(nobody));
    expect([findings, unseen.join()]).toEqual([[], expect.stringContaining("only its owner may ask berthd")]);
    expect(stdout).toMatch(/^services {7}berthd \S+: 1 service, revision \d+ in the kernel: ok$/m);
  });

  test("an endpoint that is gone from the kernel", () => {
    const { findings } = cures(
      node,
      () => node.behind("nft delete element ip berth-services endpoints { 1 . 1 }"),
      /^endpoint 10\.1\.0\.3:8080 of service default\/web, port http\/tcp \(IPv4\) is in the store and not in the kernel$/,
    );
    expect(findings).toHaveLength(1);
    expect(node.sh(ENDPOINTS)).toContain("10.1.0.3");
  });

  test("an endpoint that somebody added, and a count that is wrong", () => {
    const { findings } = cures(
      node,
      () => node.behind("nft add element ip berth-services endpoints '{ 1 . 2 : 10.9.9.9 . 99 }'"),
      /^endpoint 10\.9\.9\.9:99 of service default\/web, port http\/tcp \(IPv4\) is in the kernel and not in the store$/,
    );
    expect(findings).toHaveLength(1);
    expect(node.sh(ENDPOINTS)).not.toContain("10.9.9.9");
    const count = "'delete element ip berth-services groups { 1 }; add element ip berth-services groups { 1 : 1 }'";
    cures(node, () => node.behind(`nft ${count}`), /default\/web.* is of another number of endpoints in the kernel/);
  });

  test("a table whose rules were flushed, which it puts back", () => {
    const rules = () => node.sh("nft list chain ip berth-services prerouting").includes("jump services");
    node.sh("nft flush table ip berth-services");
    node.sh("sleep 0.5");
    expect(rules()).toBe(true);
    expect(node.doctor()).toEqual({ status: 0, findings: [], unseen: [] });
  });

  test("berthd stopped by a signal, while its tables went", () => {
    const { findings } = cures(
      node,
      `kill -STOP ${node.pid}; nft flush ruleset`,
      /^berthd is stopped by a signal \(process \d+\)$/,
    );
    expect(findings).toHaveLength(1);
    expect(findings[0]?.evidence).toContain("none of berth-services");
    expect(node.sh(ENDPOINTS)).toContain("10.1.0.3");
  });

  test("berthd killed: its rules are as it left them", () => {
    const { findings } = cures(
      node,
      `kill -KILL ${node.pid}; while curl -s --unix-socket ${node.socket} http://b/healthz >/dev/null; do sleep 0.05; done`,
      /^berthd does not run$/,
    );
    expect(findings).toHaveLength(1);
    expect(findings[0]?.evidence).toContain("nobody listens there; nft list tables: ip berth-services");
  });

  test("berthd ended as it should, and its rules stay: a warning", () => {
    const pid = node.pid;
    const { findings } = cures(
      node,
      () => {
        node.sh(`kill -TERM ${pid}; while kill -0 ${pid} 2>/dev/null; do sleep 0.05; done`);
      },
      /^berthd does not run$/,
    );
    expect(findings.map(({ severity }) => severity)).toEqual(["warning"]);
  });

  test("a directory that berthd does not see", () => {
    const { findings } = cures(
      node,
      () => {
        sh(undefined, "mount", "-t", "tmpfs", "none", node.directory);
        node.put("db.json", serviceObject("db"));
      },
      /^berthd has not taken what is in .*services\.d: db\.json, web\.json$/,
    );
    expect(findings).toHaveLength(1);
    expect(node.sh(`curl -s --unix-socket ${node.socket} http://b/services`)).toContain("default/db");
  });

  test("a file that is broken, and two services that want the same address", async () => {
    node.put("bad.json", { kind: "Pod" });
    node.put("more.json", serviceObject("other"));
    await until(() => node.doctor().findings.length === 2);
    const { findings, status } = node.doctor();
    expect(status).toBe(0);
    expect(findings.map(({ what }) => what)).toEqual([
      "berthd cannot take all that its source files has",
      "several services want the same address and port",
    ]);
    expect(findings[0]?.evidence).toContain('bad.json: items[0]: kind: "Pod"');
    node.sh(`rm ${node.directory}/bad.json ${node.directory}/more.json`);
    await until(() => node.doctor().findings.length === 0);
  });
});
