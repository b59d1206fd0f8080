/** berthd itself, in a namespace: from files to packets, stopped, killed and started again. */
import { expect } from "bun:test";
import { statSync } from "node:fs";
import type { Lab } from "../support/lab.ts";
import { namespaces, needs, nftables } from "../support/needs.ts";
import { inPortLab } from "../support/port-net.ts";
import { Berthd, until } from "../support/service/berthd.ts";
import { ask, type Member, names, openNet } from "../support/service/net.ts";
import { serviceObject, sliceObject } from "../support/service/objects.ts";

const V4 = ["tcp", "10.96.0.1", 80] as const;

const tables = (lab: Lab) =>
  lab.nftj(lab.host).flatMap((row) => (row.table ? [`${row.table.family} ${row.table.name}`] : []));
const OWN = ["ip berth-services", "ip6 berth-services"];

needs(namespaces, nftables)(
  "berthd run --once and --dry-run make and show what files say, and cleanup takes it away",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 1);
    const [m0] = members as [Member];
    const berthd = new Berthd(lab);
    berthd.write("web.json", serviceObject("web"), sliceObject("web", [m0.v4]));
    const plan = berthd.once("run", "--dry-run");
    expect(plan.err).toBe("");
    expect(plan.out).toContain("add element ip berth-services services { 10.96.0.1 . tcp . 80 : 0x00000001 }\n");
    expect(tables(lab)).toEqual([]);
    expect(berthd.once("run", "--once")).toEqual({ code: 0, out: "", err: "" });
    expect(names(await ask(outside.ns, 2, V4))).toEqual(["m0"]);
    expect(berthd.once("run", "--dry-run").out).toBe("");
    berthd.write("bad.json", { kind: "Pod" });
    const refused = berthd.once("run", "--once");
    expect([refused.code, refused.out]).toEqual([1, ""]);
    expect(refused.err).toMatch(/^berthd: .*bad\.json: items\[0\]: kind: "Pod": expected .*\nnothing was changed/);
    expect(berthd.once("cleanup")).toEqual({ code: 0, out: "", err: "" });
    expect(tables(lab)).toEqual([]);
  }),
);

needs(namespaces, nftables)(
  "berthd follows files, repairs what others flush, and leaves the rules when it is stopped or killed",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 2);
    const [m0, m1] = members as [Member, Member];
    const berthd = new Berthd(lab);
    berthd.write("web.json", serviceObject("web"), sliceObject("web", [m0.v4]));
    const first = berthd.start();
    await until(() => berthd.isReady());
    expect(statSync(berthd.socket).mode & 0o777).toBe(0o600);
    expect(names(await ask(outside.ns, 2, V4))).toEqual(["m0"]);
    berthd.write("web.json", serviceObject("web"), sliceObject("web", [m1.v4]));
    await until(async () => names(await ask(outside.ns, 1, V4)).join() === "m1");
    lab.sh(lab.host, "nft", "flush", "ruleset");
    await until(() => tables(lab).length === 2, 2000);
    expect(names(await ask(outside.ns, 2, V4))).toEqual(["m1"]);
    const { text } = await berthd.get("/services/default/web");
    expect(JSON.parse(text).ports[0].all).toEqual([{ address: m1.v4, port: 8080, isNear: true }]);
    const metrics = (await berthd.get("/metrics")).text;
    expect(metrics).toMatch(/^berthd_nftables_repairs_total 1$/m);
    expect(metrics).toMatch(/^kubeproxy_sync_proxy_rules_duration_seconds_count [2-9]$/m);
    expect((await berthd.get("/nothing")).status).toBe(404);
    first.kill("SIGKILL");
    await first.exited;
    expect(names(await ask(outside.ns, 2, V4))).toEqual(["m1"]);
    const second = berthd.start();
    await until(() => berthd.isReady());
    expect((await berthd.get("/metrics")).text).toMatch(/^berthd_nftables_elements_total 0$/m);
    // A second one refuses to be.
    expect(berthd.once("run").err).toContain("another berthd answers at");
    second.kill("SIGTERM");
    expect(await second.exited).toBe(0);
    expect(tables(lab)).toEqual(OWN);
    expect(names(await ask(outside.ns, 2, V4))).toEqual(["m1"]);
  }),
);
