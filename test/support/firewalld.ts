/** A bus, and what stands in for firewalld on it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./lab.ts";
import { can } from "./needs.ts";

export const dbus = can("dbus-daemon", "dbus-daemon", "--version");

export interface Firewalld {
  /** What a plugin's environment has to say. */
  readonly env: { DBUS_SYSTEM_BUS_ADDRESS: string };
  /** The sources of each zone. */
  zones(): Record<string, string[]>;
  /** Ends firewalld; the bus goes on. */
  stop(): Promise<void>;
}

/** Does `body` with a bus and, unless `running` is false, firewalld on it; ends both after it. */
export async function withFirewalld(
  lab: Lab,
  body: (one: Firewalld) => Promise<void> | void,
  running = true,
): Promise<void> {
  const socket = join(lab.dir, "bus");
  const config = join(lab.dir, "bus.conf");
  const file = join(lab.dir, "zones.json");
  writeFileSync(config, CONFIG.replace("SOCKET", socket));
  const daemon = Bun.spawn(["dbus-daemon", `--config-file=${config}`, "--nofork"], { stderr: "ignore" });
  await until(() => existsSync(socket));
  const words = [process.execPath, join(import.meta.dir, "firewalld-service.ts"), socket, file];
  const service = running ? Bun.spawn(words, { stderr: "inherit" }) : undefined;
  try {
    if (service) await until(() => existsSync(file));
    await body({
      env: { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${socket}` },
      zones: () => JSON.parse(readFileSync(file, "utf8")),
      async stop() {
        service?.kill();
        await service?.exited;
      },
    });
  } finally {
    service?.kill();
    daemon.kill();
    await Promise.all([service?.exited, daemon.exited]);
  }
}

async function until(is: () => boolean): Promise<void> {
  for (let left = 500; !is(); left--) {
    if (left === 0) throw new Error("dbus-daemon or firewalld did not start");
    await Bun.sleep(10);
  }
}

const CONFIG = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow own="*"/>
    <allow eavesdrop="true"/>
    <allow user="*"/>
  </policy>
</busconfig>
`;
