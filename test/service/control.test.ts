/** `berth svc` and berthd's socket: from a command to packets, and what is said when it cannot be. */
import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as project from "../../package.json";
import type { Lab } from "../support/lab.ts";
import { built, namespaces, needs, nftables } from "../support/needs.ts";
import { inPortLab } from "../support/port-net.ts";
import { Berthd, until } from "../support/service/berthd.ts";
import { ask, type Member, names, openNet } from "../support/service/net.ts";
import { serviceObject, sliceObject } from "../support/service/objects.ts";

const needsAll = needs(namespaces, nftables, built);
const V4 = ["tcp", "10.96.0.1", 80] as const;

/** `berth svc WORDS` at the daemon's socket, by the user `uid`. */
function svc(lab: Lab, { socket }: Berthd, words: string[], uid = 0) {
  const user = ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  return lab.attempt(lab.host, ...user, join(lab.bin, "berth"), "svc", ...words, "--socket", socket);
}

function file(lab: Lab, name: string, ...objects: unknown[]): string {
  const path = join(lab.dir, name);
  writeFileSync(path, JSON.stringify({ kind: "List", items: objects }));
  return path;
}

needsAll(
  "a service that is applied leads packets, is shown as kubectl shows it, and goes when it is deleted",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 1);
    const [m0] = members as [Member];
    const berthd = new Berthd(lab);
    const daemon = berthd.start();
    await until(() => berthd.isReady());
    const web = file(lab, "web.json", serviceObject("web"), sliceObject("web", [m0.v4]));
    const lines = (words: string[]) => svc(lab, berthd, words);
    expect(lines(["apply", "-f", web, "--dry-run"]).stdout).toBe(
      "service default/web created (dry run)\nslice default/web-1 created (dry run)\n",
    );
    expect(readdirSync(berthd.directory)).toEqual([]);
    expect(lines(["apply", "-f", web])).toMatchObject({ status: 0, stderr: "" });
    expect(readdirSync(berthd.directory)).toEqual([
      "applied.service.default.web.json",
      "applied.slice.default.web-1.json",
    ]);
    await until(async () => names(await ask(outside.ns, 1, V4)).join() === "m0");
    expect(lines(["apply", "-f", web]).stdout).toContain("service default/web unchanged\n");
    const [head, row] = lines(["list"]).stdout.split("\n") as [string, string];
    expect(head.split(/ {3,}/)).toEqual(["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "READY", "CHANGED"]);
    expect(row.split(/ {3,}/).slice(0, 6)).toEqual(["web", "ClusterIP", "10.96.0.1", "<none>", "80/TCP", "1/1"]);
    expect(lines(["endpoints", "web", "-o", "wide"]).stdout).toContain(`web       http/tcp   ${m0.v4}:8080`);
    // What it shows it takes.
    const object = lines(["get", "web", "-o", "json"]).stdout;
    writeFileSync(join(lab.dir, "got.json"), object);
    expect(JSON.parse(object).spec.clusterIP).toBe("10.96.0.1");
    expect(lines(["apply", "-f", join(lab.dir, "got.json")]).stdout).toBe("service default/web configured\n");
    expect(lines(["delete", "web"]).stdout).toBe("slice default/web-1 deleted\nservice default/web deleted\n");
    await until(() => lab.nftj(lab.host).every((one) => !one.map?.elem || one.map.name !== "services"));
    expect(lines(["list"])).toEqual({
      status: 0,
      stdout: "",
      stderr: "no services in namespace default (-A: in all)\n",
    });
    expect(lines(["get", "web"])).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining("there is no service"),
    });
    daemon.kill();
    await daemon.exited;
  }),
);

needsAll(
  "what is not to be applied is refused with file, path and value, and what others' files have is theirs",
  inPortLab(async (lab) => {
    const berthd = new Berthd(lab);
    berthd.write("web.json", serviceObject("web"));
    const daemon = berthd.start();
    await until(() => berthd.isReady());
    const bad = file(lab, "bad.json", serviceObject("new"), serviceObject("bad", { clusterIP: "10.96.0" }));
    const help = "berthd --help prints what there is";
    expect(berthd.once("strat")).toEqual({ code: 2, out: "", err: `berthd: there is no command "strat": ${help}\n` });
    expect(berthd.once("--version")).toEqual({ code: 0, out: `berthd ${project.version}\n`, err: "" });
    expect(svc(lab, berthd, ["apply", "-f", bad])).toEqual({
      status: 1,
      stdout: "",
      stderr: `berth svc: ${bad}: items[1]: Service default/bad: spec.clusterIP: "10.96.0": expected an IPv4 or IPv6 address, or None\n`,
    });
    const taken = file(lab, "taken.json", serviceObject("new"), serviceObject("web"));
    const where = join(berthd.directory, "web.json");
    expect(svc(lab, berthd, ["apply", "-f", taken]).stderr).toStartWith(
      `berth svc: service default/web is in ${where}: `,
    );
    expect(svc(lab, berthd, ["delete", "web"]).stderr).toContain(`is in ${where}: remove it there`);
    expect(readdirSync(berthd.directory)).toEqual(["web.json"]);
    expect(statSync(`${berthd.socket}.pid`).mode & 0o777).toBe(0o644);
    expect(svc(lab, berthd, ["get", "web", "-n", "shop"]).stderr).toBe(
      "berth svc: there is no service shop/web; there is default/web\n",
    );
    // The directory lets everybody look; the socket does not.
    lab.sh(lab.host, "chmod", "755", lab.dir);
    expect(svc(lab, berthd, ["list"], 65_534)).toEqual({
      status: 1,
      stdout: "",
      stderr: `berth svc: ${berthd.socket}: only its owner may ask berthd (the socket's mode is 0600)\n  ask as root: sudo berth svc …\n`,
    });
    daemon.kill("SIGKILL");
    await daemon.exited;
    const told = svc(lab, berthd, ["list"]);
    expect(told.stderr).toMatch(
      /berthd does not run: nobody listens at its socket\n {2}start it: systemctl start berthd/,
    );
    expect(told.status).toBe(1);
    expect(existsSync(berthd.socket)).toBe(true);
  }),
);

needsAll(
  "a watch shows each change until berthd ends; a second HUP lists again, and TCP answers probes where that is configured",
  inPortLab(async (lab) => {
    const berthd = new Berthd(lab, { healthzBindAddress: "127.0.0.1:10256", metricsBindAddress: "127.0.0.1:10249" });
    const daemon = berthd.start();
    await until(() => berthd.isReady());
    const words = ["svc", "list", "-A", "--watch", "--socket", berthd.socket];
    const out = join(lab.dir, "watched");
    const watch = Bun.spawn(["ip", "netns", "exec", lab.host, join(lab.bin, "berth"), ...words], {
      stdout: Bun.file(out),
      stderr: "pipe",
    });
    const seen = () =>
      readFileSync(out, "utf8")
        .split("\n")
        .slice(1, -1)
        .map((row) => row.split(/ {3,}/).slice(0, 2).join("/"));
    berthd.write("web.json", serviceObject("web"));
    await until(() => seen().length > 0);
    berthd.write("web.json", serviceObject("db"));
    await until(() => seen().length > 2);
    expect(seen()[0]).toBe("default/web");
    expect(seen().slice(1).sort()).toEqual(["default/db", "default/web"]);
    expect(readFileSync(out, "utf8")).toStartWith("NAMESPACE   NAME   TYPE");
    expect(readFileSync(out, "utf8")).toMatch(/\ndefault {5}web {4}<deleted>\n/);
    for (const _ of [1, 2]) lab.sh(lab.host, "kill", "-HUP", readFileSync(`${berthd.socket}.pid`, "utf8").trim());
    const curl = (address: string) =>
      lab.attempt(lab.host, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", `http://127.0.0.1:${address}`)
        .stdout;
    expect(["10256/healthz", "10256/readyz", "10256/metrics", "10249/metrics", "10249/status"].map(curl)).toEqual([
      "200",
      "200",
      "404",
      "200",
      "404",
    ]);
    daemon.kill("SIGTERM");
    expect(await daemon.exited).toBe(0);
    expect(await watch.exited).toBe(1);
    expect(await new Response(watch.stderr).text()).toBe("berth svc: berthd has ended\n");
    expect(existsSync(`${berthd.socket}.pid`)).toBe(false);
  }),
);
