/** The log of calls: whole records of calls that run together, also while the file is rotated, and `berth log`. */
import { expect } from "bun:test";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inLab, type Lab } from "../support/lab.ts";
import { built, namespaces, needs, needsRoot } from "../support/needs.ts";

const CALLS = 100;
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

const linesOf = (path: string) => (existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : []);
const berth = (lab: Lab, ...words: string[]) => lab.attempt(lab.host, join(lab.bin, "berth"), ...words);

const all = needs(namespaces, built);

all.each([
  ["one file", 10 << 20, 1],
  ["files that are rotated meanwhile", 13_000, 3],
])(`${CALLS} ADDs at once give ${CALLS} whole records in %s`, async (_, size, files) => {
  await inLab(async (lab) => {
    const log = join(lab.dir, "calls");
    const env = { BERTH_LOG: log, BERTH_LOG_SIZE: `${size}`, TRACEPARENT: `00-${TRACE}-00f067aa0ba902b7-01` };
    const ns = lab.container();
    const ids = Array.from({ length: CALLS }, (_, i) => `c${i}`);
    const replies = await Promise.all(ids.map((id) => lab.start("host-local", "ADD", { id, ns, env }).reply));
    expect(replies.filter(({ status, stderr }) => status !== 0 || stderr !== "")).toEqual([]);
    expect(replies.every(({ json }) => json.ips.length === 1)).toBeTrue();

    const paths = [log, `${log}.1`, `${log}.2`, `${log}.3`].filter((path) => existsSync(path));
    expect(paths.length).toBeGreaterThanOrEqual(files);
    const records = paths.flatMap(linesOf).map((line) => JSON.parse(line));
    expect(records.map(({ container }) => container).sort()).toEqual([...ids].sort());
    expect(records.filter(({ outcome, verb, trace }) => [outcome, verb, trace].join() !== `ok,ADD,${TRACE}`)).toEqual(
      [],
    );
    const given = new Map(records.map(({ container, ips }) => [container, ips[0]]));
    expect(replies.map(({ json }) => json.ips[0].address)).toEqual(ids.map((id) => given.get(id)));
    const shown = berth(lab, "log", log, "-o", "json").stdout.split("\n").filter(Boolean);
    expect(shown.length).toBe(CALLS);
  })();
});

needsRoot(
  "a network's own key logs its calls, with their phases; berth log finds the file and shows them",
  inLab((lab) => {
    const log = join(lab.dir, "deep/calls");
    const conf = lab.conf({ ipMasq: true, berth: { log } });
    const ns = lab.container();
    const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=prod;K8S_POD_NAME=web-0";
    lab.add({ conf, ns, id: "masked", args });
    expect(lab.call("bridge", "ADD", { conf: { ...conf, vlan: 9999 }, ns, id: "masked" }).status).toBe(1);
    lab.del({ conf, ns, id: "masked" });
    const [add, refused, del] = linesOf(log).map((line) => JSON.parse(line));
    expect(add).toMatchObject({
      plugin: "bridge",
      verb: "ADD",
      network: "labnet",
      container: "masked",
      ifname: "eth0",
    });
    expect(add).toMatchObject({ pod: "prod/web-0", outcome: "ok", ips: ["10.77.0.2/24"], netns: `/run/netns/${ns}` });
    expect(Object.keys(add.phases).sort()).toEqual(["lease", "link", "request", "rules", "work"]);
    expect(add.phases.link).toBeGreaterThan(0.05);
    expect(refused).toMatchObject({ verb: "ADD", outcome: "error", code: 7, msg: expect.stringContaining("9999") });
    expect(del).toMatchObject({ verb: "DEL", outcome: "ok" });

    writeFileSync(join(lab.dir, "10-lab.conflist"), JSON.stringify({ name: "labnet", plugins: [conf] }));
    const { stdout } = berth(lab, "log", "--conf-dir", lab.dir);
    expect(stdout.split("\n").length).toBe(5);
    expect(stdout).toMatch(
      /^TIME +VERB +PLUGIN .*\n\S+Z +ADD +bridge +labnet +masked +eth0 +prod\/web-0 .*ok 10\.77\.0\.2\/24\n/,
    );
    expect(berth(lab, "log", log, "--failed").stdout.split("\n")[1]).toMatch(/error 7: .*9999/);
    expect(berth(lab, "log", log, "--since", "1h", "--container", "prod/web-0").stdout.split("\n").length).toBe(3);
    expect(berth(lab, "log", log, "--since", "soon")).toMatchObject({ status: 2, stdout: "" });
    expect(berth(lab, "log", "--conf-dir", "/nowhere")).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining("BERTH_LOG"),
    });
  }),
);

needsRoot(
  "a log that cannot be written fails no call, and stdout stays the result",
  inLab((lab) => {
    const conf = lab.conf({ berth: { log: "/proc/none/calls" } });
    const { status, stderr, json } = lab.call("bridge", "ADD", { conf, ns: lab.container() });
    expect([status, json.ips.length]).toEqual([0, 1]);
    expect(stderr).toMatch(/^berth: the call is not in the log \/proc\/none\/calls: .*ENOENT.*\n$/);
  }),
);

needs(built)("berth log --follow shows what comes, until it is interrupted", async () => {
  await inLab(async (lab) => {
    const log = join(lab.dir, "calls");
    const line = (container: string) =>
      `${JSON.stringify({ time: "2026-11-29T20:58:17.123Z", verb: "ADD", plugin: "bridge", container, ms: 1, phases: {}, outcome: "ok" })}\n`;
    writeFileSync(log, line("before"));
    const child = Bun.spawn([join(lab.bin, "berth"), "log", "--follow", "-o", "json", log], { stdout: "pipe" });
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let seen = "";
    const awaitText = async (text: string) => {
      while (!seen.includes(text)) {
        const { value, done } = await reader.read();
        if (done) break;
        seen += value;
      }
    };
    try {
      await awaitText("before");
      appendFileSync(log, line("after"));
      await awaitText("after");
      child.kill("SIGINT");
      expect(await child.exited).toBe(0);
    } finally {
      child.kill("SIGKILL");
    }
    expect(seen).toBe(line("before") + line("after"));
  })();
});
