/** What conf/hooks has for firewalls: units that systemd takes, and that call berth when firewalld has reloaded. */
import { expect } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dbus, withFirewalld } from "../../support/firewalld.ts";
import { inLab } from "../../support/lab.ts";
import { can, namespaces, needs } from "../../support/needs.ts";

const HOOKS = join(import.meta.dir, "../../../conf/hooks");
const unit = readFileSync(join(HOOKS, "berth-firewalld.service"), "utf8");

const need = needs(namespaces, dbus, can("dbus-monitor", "sh", "-c", "command -v dbus-monitor dbus-send"));

need(
  "berth-firewalld.service repairs at each reload of firewalld, and at nothing else",
  inLab(async (lab) => {
    const log = join(lab.dir, "calls");
    const stub = join(lab.dir, "berth");
    writeFileSync(stub, `#!/bin/sh\necho "$@" >>${log}\n`);
    chmodSync(stub, 0o755);
    const script = /^ExecStart=\/bin\/sh -c '(.*)'$/m.exec(unit)?.[1]?.replace("/opt/cni/bin/berth", stub) ?? "";
    await withFirewalld(lab, async ({ env }) => {
      const child = Bun.spawn(["setsid", "sh", "-c", script], { env: { ...process.env, ...env } });
      const signal = (member: string) =>
        Bun.spawnSync(
          [
            "dbus-send",
            "--system",
            "--type=signal",
            "/org/fedoraproject/FirewallD1",
            `org.fedoraproject.FirewallD1.${member}`,
          ],
          { env: { ...process.env, ...env } },
        );
      try {
        for (let left = 100; !existsSync(log) && left > 0; left--) {
          signal("PanicModeEnabled");
          signal("Reloaded");
          await Bun.sleep(30);
        }
        await Bun.sleep(100);
        const before = callsIn(log).length;
        signal("PanicModeEnabled");
        await Bun.sleep(100);
        expect(callsIn(log).length).toBe(before);
        signal("Reloaded");
        for (let left = 100; callsIn(log).length === before && left > 0; left--) await Bun.sleep(20);
        expect(callsIn(log).slice(before)).toEqual(["repair --all --quiet"]);
      } finally {
        process.kill(-child.pid, "SIGKILL");
      }
    });
  }),
);

const callsIn = (log: string) => readFileSync(log, "utf8").trim().split("\n");

const systemd = needs(can("systemd-analyze", "systemd-analyze", "--version"));

systemd("systemd takes the units", async () => {
  await inLab((lab) => {
    const service = join(lab.dir, "nftables.service");
    const hook = readFileSync(join(HOOKS, "berth-repair.conf"), "utf8");
    const base = "[Service]\nType=oneshot\nExecStart=/bin/true\nExecReload=/bin/true\n";
    writeFileSync(service, base + hook.replaceAll("/opt/cni/bin/berth", "/bin/true"));
    const other = join(lab.dir, "berth-firewalld.service");
    writeFileSync(other, unit.replaceAll("/opt/cni/bin/berth", "/bin/true"));
    const { stdout, stderr } = lab.attempt(lab.host, "systemd-analyze", "verify", "--man=no", service, other);
    const said = (stdout + stderr).split("\n").filter((line) => line.includes(lab.dir));
    expect(said).toEqual([]);
  })();
});
