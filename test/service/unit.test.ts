/** conf/berthd.service under a systemd that runs: what it may do there, and what becomes of it. */
import { expect } from "bun:test";
import { join } from "node:path";
import { type Json, sh } from "../support/command.ts";
import { needs, nftables } from "../support/needs.ts";
import { until } from "../support/service/berthd.ts";
import { serviceObject, sliceObject } from "../support/service/objects.ts";
import { Systemd, systemd } from "../support/service/systemd.ts";

const ROOT = join(import.meta.dir, "../..");
const UNIT = join(ROOT, "conf/berthd.service");

/** Only CAP_NET_ADMIN, of the bits in /proc/PID/status. */
const NET_ADMIN = "0000000000001000";

class Unit {
  readonly #machine: Systemd;

  constructor(machine: Systemd) {
    this.#machine = machine;
  }

  /** @throws Error where systemctl fails */
  control(...words: string[]): string {
    const { status, stdout, stderr } = this.#machine.run("systemctl", ...words);
    if (status !== 0) throw new Error(`systemctl ${words.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  get pid(): string {
    return this.control("show", "--property=MainPID", "--value", "berthd");
  }

  out(...command: string[]): string {
    return this.#machine.run(...command).stdout;
  }

  /** What its socket says; undefined where it does not answer. */
  ask(path: string, ...options: string[]): Json {
    const socket = ["--unix-socket", "/run/berth/berthd.sock", `http://berthd${path}`];
    const { status, stdout } = this.#machine.run("curl", "--silent", "--fail", ...options, ...socket);
    return status === 0 ? JSON.parse(stdout) : undefined;
  }

  async isReady(): Promise<void> {
    await until(() => this.ask("/readyz") !== undefined);
  }

  get endpoints(): string[] {
    const found = this.out("nft", "-j", "list", "map", "ip", "berth-services", "endpoints");
    return found.match(/10\.1\.\d+\.\d+/g) ?? [];
  }
}

const curl = { what: "curl", met: () => Bun.which("curl") !== null };

needs(
  systemd,
  nftables,
  curl,
)(
  "under systemd it starts, keeps one of root's powers, takes what is applied, is started again when killed, and leaves its rules",
  async () => {
    sh(undefined, "npm", "run", "--silent", "build:service");
    using machine = new Systemd(UNIT, join(ROOT, "dist/berthd"), "/usr/local/bin/berthd");
    await machine.begin();
    const unit = new Unit(machine);
    unit.control("start", "berthd");
    await unit.isReady();
    const first = unit.pid;
    const powers = [...unit.out("cat", `/proc/${first}/status`).matchAll(/^Cap(?:Prm|Eff|Bnd):\s*(\w+)$/gm)];
    expect(powers.map(([, bits]) => bits)).toEqual([NET_ADMIN, NET_ADMIN, NET_ADMIN]);
    const list = { apiVersion: "v1", kind: "List", items: [serviceObject("web"), sliceObject("web", ["10.1.0.2"])] };
    const { results } = unit.ask("/apply", "--data-binary", JSON.stringify(list));
    expect(results.map(({ result }: Json) => result)).toEqual(["created", "created"]);
    await until(() => unit.endpoints.includes("10.1.0.2"));
    unit.control("reload", "berthd");
    await unit.isReady();
    expect(unit.pid).toBe(first);
    unit.out("kill", "-KILL", first);
    await until(() => unit.pid !== first && unit.pid !== "0");
    await unit.isReady();
    expect(unit.endpoints).toEqual(["10.1.0.2"]);
    unit.control("stop", "berthd");
    expect(unit.control("show", "--property=Result", "--value", "berthd")).toBe("success");
    expect(unit.endpoints).toEqual(["10.1.0.2"]);
    unit.control("start", "berthd");
    await unit.isReady();
    expect(unit.endpoints).toEqual(["10.1.0.2"]);
  },
);
