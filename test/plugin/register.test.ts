/** Endpoint records of bridge and ptp (`berth.register`): written last, removed first, and never of somebody who is not there. */
import { describe, expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { strace } from "../reliability/system-calls.ts";
import { cniError } from "../support/cni-error.ts";
import type { Json } from "../support/command.ts";
import { type CallOptions, type Conf, environment, netnsPath } from "../support/conf.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { built, namespaces, needs, nftables } from "../support/needs.ts";
import { ptpConf } from "../support/ptp-net.ts";
import { openRoom } from "../support/room.ts";

const test = needs(namespaces, built);
const PORTS = [{ name: "http", port: 8080 }];

const dirOf = (lab: Lab) => join(lab.dir, "endpoints");
const records = (lab: Lab) => (existsSync(dirOf(lab)) ? readdirSync(dirOf(lab)).sort() : []);
const record = (lab: Lab, name = "labnet:cid-1:eth0.json"): Json =>
  JSON.parse(readFileSync(join(dirOf(lab), name), "utf8"));

/** A network of `plugin` that registers; `over` are keys of the configuration, of which `register` is that in `berth`. */
function registering(lab: Lab, plugin: string, register: object = {}, over: Record<string, unknown> = {}): Conf {
  const berth = { indexDir: join(lab.dir, "index"), register: { dir: dirOf(lab), ...register } };
  return plugin === "ptp" ? ptpConf(lab, { berth, ...over }) : lab.conf({ cniVersion: "1.1.0", berth, ...over });
}
const web = (lab: Lab, plugin = "bridge") => registering(lab, plugin, { service: "web", ports: PORTS });

/** ADD, then what is to be refused; nothing is left by that. */
function refused(lab: Lab, options: CallOptions, code: number, ...words: string[]): void {
  const { type } = options.conf as Conf;
  expect(cniError(lab.call(type, "ADD", { ns: lab.container(), ...options }), ...words).code).toBe(code);
  expect([lab.ipj(lab.host, "link", "show", "type", "veth"), Object.keys(lab.leases()), records(lab)]).toEqual([
    [],
    [],
    [],
  ]);
}

describe.each(["bridge", "ptp"])("%s", (plugin) => {
  test(
    "ADD registers the container with its own address and link, CHECK looks, DEL takes it away",
    inLab((lab) => {
      const call = { ns: lab.container(), conf: web(lab, plugin) };
      const result = lab.add(call);
      const [slice, ...more] = record(lab).items;
      expect([more, slice.endpoints[0].addresses]).toEqual([[], [result.ips[0].address.split("/")[0]]]);
      const [veth] = lab.ipj(lab.host, "link", "show", "type", "veth");
      const { annotations } = slice.metadata;
      expect([annotations["berth/veth"], annotations["berth/ifindex"]]).toEqual([veth?.ifname, `${veth?.ifindex}`]);
      const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").replaceAll("-", "").slice(0, 12);
      expect(annotations["berth/boot"]).toBe(boot);
      const check = () => lab.call(plugin, "CHECK", { ...call, conf: { ...call.conf, prevResult: result } });
      expect(check().status).toBe(0);
      const path = join(dirOf(lab), "labnet:cid-1:eth0.json");
      writeFileSync(path, readFileSync(path, "utf8").replace("8080", "8081"));
      cniError(check(), "the registration is broken", "says something else", "berth repair labnet");
      rmSync(path);
      cniError(check(), `there is no ${path}`);
      const restored = lab.call(plugin, "ADD", { ...call, id: "cid-2", ns: lab.container() });
      expect([restored.status, records(lab)]).toEqual([0, ["labnet:cid-2:eth0.json"]]);
      lab.del({ ...call, id: "cid-2" });
      lab.del(call);
      expect(records(lab)).toEqual([]);
    }),
  );

  test(
    "a container says what it is by CNI_ARGS, the runtime or its pod's annotations, and is nothing without",
    inLab((lab) => {
      const conf = registering(lab, plugin);
      const supplied = (over: object) => ({ ...conf, runtimeConfig: over });
      const said: CallOptions[] = [
        { conf, args: "IgnoreUnknown=1;K8S_POD_NAMESPACE=team;BERTH_SERVICE=web;BERTH_PORTS=http:8080/tcp" },
        { conf: supplied({ register: { service: "web", namespace: "team", ports: PORTS } }) },
        {
          conf: supplied({
            "io.kubernetes.cri.pod-annotations": { "berth/service": "web", "berth/ports": "http:8080", other: "x" },
          }),
          args: "IgnoreUnknown=1;K8S_POD_NAMESPACE=team",
        },
      ];
      for (const options of said) {
        const ns = lab.container();
        lab.add({ ns, ...options });
        const [{ metadata, ports }] = record(lab).items;
        expect([metadata.namespace, metadata.labels["kubernetes.io/service-name"], ports]).toEqual([
          "team",
          "web",
          [{ name: "http", port: 8080, protocol: "TCP" }],
        ]);
        // The DEL of a runtime that has forgotten all but the network.
        lab.del({ conf });
        expect(records(lab)).toEqual([]);
      }
      lab.add({ ns: lab.container(), conf });
      expect(records(lab)).toEqual([]);
    }),
  );

  test(
    "what is no service or port is refused before anything is made",
    inLab((lab) => {
      const conf = registering(lab, plugin);
      refused(lab, { conf: registering(lab, plugin, { service: "Web" }) }, 7, 'berth.register.service: "Web" is not');
      refused(lab, { conf, args: "IgnoreUnknown=1;BERTH_SERVICE=web;BERTH_PORTS=x" }, 4, "BERTH_PORTS");
      refused(lab, { conf: registering(lab, plugin, { service: "web" }) }, 7, "web, and has no ports", "BERTH_PORTS");
    }),
  );

  test(
    "a directory that is full or read-only fails the ADD, which leaves nothing; STATUS knows the latter",
    inLab((lab) => {
      const conf = web(lab, plugin);
      const dir = dirOf(lab);
      const mounted = (options: string, body: () => void) => {
        const at = join(lab.dir, "endpoints");
        Bun.spawnSync(["mkdir", "-p", at]);
        expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", options, "none", at]).exitCode).toBe(0);
        try {
          body();
        } finally {
          Bun.spawnSync(["umount", at]);
        }
      };
      const status = () => lab.call(plugin, "STATUS", { conf });
      mounted("size=4k", () => {
        writeFileSync(join(dir, "filler"), "x".repeat(4096));
        const reply = lab.call(plugin, "ADD", { ns: lab.container(), conf });
        expect(cniError(reply, "cannot write the endpoint record", "no space left", "berth.register.dir").code).toBe(5);
        expect([lab.leases(), readdirSync(dir)]).toEqual([{}, ["filler"]]);
      });
      mounted("ro", () => {
        refused(lab, { conf }, 5, "cannot write the endpoint record", "read-only", "berth.register.dir");
        expect(cniError(status(), `no endpoint record can be written to ${dir}`, "berth.register.dir").code).toBe(50);
        lab.del({ conf });
      });
      expect(status()).toMatchObject({ status: 0, stdout: "", stderr: "" });
    }),
  );

  test(
    "GC removes the records of its network that are of nobody valid",
    inLab((lab) => {
      const conf = web(lab, plugin);
      for (const id of ["alive", "dead"]) lab.add({ ns: lab.container(), id, conf });
      lab.add({ ns: lab.container(), id: "dead", conf: { ...conf, name: "other", bridge: "lab1" } });
      const valid = [{ containerID: "alive", ifname: "eth0" }];
      const gc = lab.call(plugin, "GC", { conf: { ...conf, "cni.dev/valid-attachments": valid } });
      expect([gc.stdout, records(lab)]).toEqual(["", ["labnet:alive:eth0.json", "other:dead:eth0.json"]]);
    }),
  );
});

test(
  "DEL goes on when a record cannot be removed, fails, and keeps the address until it can",
  inLab((lab) => {
    const call = { ns: lab.container(), conf: web(lab) };
    const path = join(dirOf(lab), "labnet:cid-1:eth0.json");
    lab.add(call);
    // As an immutable file would, but on every file system.
    rmSync(path);
    Bun.spawnSync(["mkdir", path]);
    cniError(lab.call("bridge", "DEL", call), "cannot remove the endpoint record", "repeat the call");
    expect([lab.ports(), Object.keys(lab.leases())]).toEqual([[], ["10.77.0.2"]]);
    Bun.spawnSync(["rmdir", path]);
    lab.del(call);
    expect(lab.leases()).toEqual({});
  }),
);

test(
  "a result that nobody takes registers nobody",
  inLab((lab) => {
    const conf = web(lab);
    const command = `exec ${join(lab.bin, "bridge")} >/dev/full`;
    const child = Bun.spawnSync(["nsenter", `--net=${netnsPath(lab.host)}`, "sh", "-c", command], {
      stdin: Buffer.from(JSON.stringify(conf)),
      env: environment("ADD", lab.bin, { ns: lab.container() }),
    });
    expect([child.exitCode, records(lab), lab.leases()]).toEqual([1, [], {}]);
  }),
);

needs(
  namespaces,
  built,
  strace,
)(
  "where a file system has no files without a name a record still appears whole, and nothing beside it",
  inLab((lab) => {
    const conf = web(lab);
    lab.add({ ns: lab.container(), id: "first", conf });
    const log = join(lab.dir, "calls");
    const inject = ["-e", "trace=open,openat,rename", "-e", "inject=open,openat:error=EOPNOTSUPP", "-P", dirOf(lab)];
    const words = ["nsenter", `--net=${netnsPath(lab.host)}`, "strace", "-f", "-qq", "-o", log, ...inject];
    const child = Bun.spawnSync([...words, join(lab.bin, "bridge")], {
      stdin: Buffer.from(JSON.stringify(conf)),
      env: environment("ADD", lab.bin, { ns: lab.container() }),
    });
    expect([child.exitCode, readFileSync(log, "utf8")]).toEqual([0, expect.stringContaining("(INJECTED)")]);
    expect([records(lab), record(lab).kind]).toEqual([["labnet:cid-1:eth0.json", "labnet:first:eth0.json"], "List"]);
  }),
);

test(
  "without a directory of its own a record is in /run/berth/endpoints, where DEL finds it whatever the network says by then",
  inLab(async (lab) => {
    const ns = lab.container();
    using room = await openRoom(lab, ["mkdir -p /run/berth", "mount -t tmpfs none /run/berth"]);
    const conf = registering(lab, "bridge", { dir: undefined, service: "web", ports: PORTS });
    const call = (verb: "ADD" | "DEL", request: object) => {
      const { exitCode, stdout } = Bun.spawnSync(room.commandLine(join(lab.bin, "bridge")), {
        stdin: Buffer.from(JSON.stringify(request)),
        env: environment(verb, lab.bin, { ns: netnsPath(ns) }),
      });
      expect([exitCode, stdout.toString()]).toEqual([0, expect.any(String)]);
    };
    const names = () => room.run("ls", "/run/berth/endpoints").stdout;
    call("ADD", conf);
    expect(names()).toBe("labnet:cid-1:eth0.json\n");
    call("DEL", { ...conf, berth: { indexDir: join(lab.dir, "index") } });
    expect(names()).toBe("");
  }),
);

needs(
  namespaces,
  built,
  nftables,
)(
  "berth repair puts a record back",
  inLab((lab) => {
    const conf = registering(lab, "bridge", { service: "web", ports: PORTS });
    const { name, cniVersion, ...plugin } = conf;
    const list = join(lab.dir, "labnet.conflist");
    writeFileSync(list, JSON.stringify({ name, cniVersion, plugins: [plugin] }));
    const berth = (...words: string[]) =>
      lab.attempt(lab.host, join(lab.bin, "berth"), ...words, "--cache-dir", lab.dir);
    const options = ["--id", "cid-1", "--conf", list, "--path", lab.bin];
    expect(berth("add", "labnet", netnsPath(lab.container()), ...options).status).toBe(0);
    const path = join(dirOf(lab), "labnet:cid-1:eth0.json");
    const before = readFileSync(path, "utf8");
    renameSync(path, `${path}.away`);
    const { status, stdout } = berth("repair", "labnet");
    expect([status, stdout]).toEqual([0, expect.stringContaining(`there is no ${path}`)]);
    expect(readFileSync(path, "utf8")).toBe(before);
  }),
);
