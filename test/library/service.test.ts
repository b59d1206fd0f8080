/** `berth/service` as it is packed: a program with a source of its own makes rules that packets follow. */
import { expect } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../support/lab.ts";
import { built, namespaces, needs, nftables } from "../support/needs.ts";
import { inPortLab, serve } from "../support/port-net.ts";
import { until } from "../support/service/berthd.ts";
import { ask, type Member, names, openNet } from "../support/service/net.ts";
import { library } from "./recordings.ts";

const ROOT = join(import.meta.dir, "../..");
const V4 = ["tcp", "10.96.0.1", 80] as const;

/** The example in a project that has the package: its path. */
function project(lab: Lab, program = "service-example.ts"): string {
  const example = join(lab.dir, program);
  mkdirSync(join(lab.dir, "node_modules/@berth-cni"), { recursive: true });
  const link = join(lab.dir, "node_modules/@berth-cni/berth");
  if (!existsSync(link)) symlinkSync(ROOT, link);
  copyFileSync(join(import.meta.dir, program), example);
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

needs(
  namespaces,
  nftables,
  built,
  library,
)(
  "the plugins' records as a source: a container counts while its readiness probe passes",
  inPortLab(async (lab) => {
    const records = join(lab.dir, "endpoints");
    const ns = lab.container();
    lab.add({ ns, conf: lab.conf({ berth: { register: { dir: records, service: "web", ports: [{ port: 8080 }] } } }) });
    const started = (probe: object) => {
      const words = [process.execPath, project(lab, "probed-source.ts"), records, JSON.stringify(probe)];
      return Bun.spawn(["ip", "netns", "exec", lab.host, ...words], {
        stdin: "pipe",
        stdout: "pipe",
        stderr: "inherit",
      });
    };
    const wrong = started({ tcpSocket: { port: 0 } });
    expect(await wrong.stdout.text()).toStartWith('cniSource: readinessProbes["default/web"].tcpSocket.port: 0: ');
    const program = started({ tcpSocket: { port: 8080 }, periodSeconds: 1 });
    let said = "";
    const reading = (async () => {
      for await (const text of program.stdout.pipeThrough(new TextDecoderStream())) said += text;
    })();
    await until(() => said === "false\n");
    await serve(lab, ns, "web", [8080], []);
    await until(() => said === "false\ntrue\n");
    program.stdin.end();
    expect(await program.exited).toBe(0);
    await reading;
    expect(said).toBe("false\ntrue\n");
  }),
);

needs(library)("Node is told what it lacks", () => {
  const program = "import('@berth-cni/berth/service').catch(({ message }) => console.log(message))";
  const { stdout } = Bun.spawnSync(["node", "--input-type=module", "-e", program], { cwd: ROOT });
  expect(stdout.toString()).toStartWith("berth/service needs Bun: it writes the kernel's rules by system calls");
});
