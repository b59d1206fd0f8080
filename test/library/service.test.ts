/** `berth/service` as it is packed: a program with a source of its own makes rules that packets follow. */
import { expect } from "bun:test";
import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../support/lab.ts";
import { namespaces, needs, nftables } from "../support/needs.ts";
import { inPortLab } from "../support/port-net.ts";
import { until } from "../support/service/berthd.ts";
import { ask, type Member, names, openNet } from "../support/service/net.ts";
import { library } from "./recordings.ts";

const ROOT = join(import.meta.dir, "../..");
const V4 = ["tcp", "10.96.0.1", 80] as const;

/** The example in a project that has the package: its path. */
function project(lab: Lab): string {
  const example = join(lab.dir, "example.ts");
  mkdirSync(join(lab.dir, "node_modules/@berth-cni"), { recursive: true });
  symlinkSync(ROOT, join(lab.dir, "node_modules/@berth-cni/berth"));
  copyFileSync(join(import.meta.dir, "service-example.ts"), example);
  return example;
}

needs(
  namespaces,
  nftables,
  library,
)(
  "a program with a source of its own leads packets, and leaves its rules",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 2);
    const [m0, m1] = members as [Member, Member];
    const program = Bun.spawn(["ip", "netns", "exec", lab.host, process.execPath, project(lab)], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    let said = "";
    void (async () => {
      for await (const text of program.stdout.pipeThrough(new TextDecoderStream())) said += text;
    })();
    await until(() => said === "10.96.0.1:80 refuses\n");
    expect(await ask(outside.ns, 1, V4)).toEqual(["refused"]);
    for (const { v4, ns } of [m0, m1]) {
      program.stdin.write(`${v4}\n`);
      program.stdin.flush();
      await until(async () => names(await ask(outside.ns, 1, V4)).join() === (ns === m0.ns ? "m0" : "m1"));
    }
    program.stdin.write(`${m0.v4} ${m1.v4}\n`);
    program.stdin.flush();
    await until(async () => names(await ask(outside.ns, 16, V4)).length === 2);
    program.kill("SIGKILL");
    await program.exited;
    expect(said).toEndWith(`10.96.0.1:80 leads to ${m0.v4} ${m1.v4}, port 8080\n`);
    expect(names(await ask(outside.ns, 16, V4))).toEqual(["m0", "m1"]);
  }),
);

needs(library)("Node is told what it lacks", () => {
  const program = "import('@berth-cni/berth/service').catch(({ message }) => console.log(message))";
  const { stdout } = Bun.spawnSync(["node", "--input-type=module", "-e", program], { cwd: ROOT });
  expect(stdout.toString()).toStartWith("berth/service needs Bun: it writes the kernel's rules by system calls");
});
