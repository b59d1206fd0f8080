/** Opening a container's namespace. */
import { describe, expect } from "bun:test";
import { mkdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Explained } from "../../../src/base/explained.ts";
import { openSandbox, openSandboxIfThere } from "../../../src/host/sandbox.ts";
import { setUp } from "../../../src/rtnl/link.ts";
import * as sys from "../../../src/sys/bun/sys.ts";
import { netnsPath } from "../../support/conf.ts";
import { inLab } from "../../support/lab.ts";
import { needsRoot } from "../../support/needs.ts";
import { inside } from "./inside.ts";

const netnsOf = () => readlinkSync("/proc/thread-self/ns/net");

describe("openSandbox()", () => {
  const refused = (path: string): Explained => {
    try {
      openSandbox(path);
    } catch (error) {
      if (error instanceof Explained) return error;
      throw error;
    }
    expect.unreachable(`${path} was opened`);
  };

  needsRoot("says that a namespace is gone", () => {
    const error = refused("/run/netns/berth-never-was");
    expect(error.message).toBe('failed to open netns "/run/netns/berth-never-was": no such file or directory');
    expect(error.details).toContain("has the container ended?");
  });

  needsRoot(
    "refuses what is no namespace, also what would block",
    inLab((lab) => {
      const file = join(lab.dir, "file");
      writeFileSync(file, "");
      mkdirSync(join(lab.dir, "dir"));
      lab.sh(lab.host, "mkfifo", join(lab.dir, "fifo"));
      for (const path of [file, join(lab.dir, "dir"), join(lab.dir, "fifo")]) {
        const before = sys.readdir("/proc/self/fd").length;
        expect(refused(path).message).toStartWith(`failed to open netns "${path}": unknown FS magic on "${path}": `);
        expect(sys.readdir("/proc/self/fd")).toHaveLength(before);
      }
    }),
  );

  needsRoot(
    "opens a process's namespace by its path in /proc",
    inLab((lab) => {
      const sandbox = lab.within(lab.host, () => openSandbox("/proc/thread-self/ns/net"));
      expect(sandbox.enter(netnsOf)).toBe(lab.within(lab.host, netnsOf));
      sys.close(sandbox.fd);
    }),
  );

  needsRoot(
    "keeps the namespace while its name goes",
    inLab((lab) => {
      const ns = lab.container();
      inside(ns, (sandbox) => {
        lab.sh(lab.host, "ip", "netns", "del", ns);
        expect(sandbox.listLinks().map(({ name }) => name)).toEqual(["lo"]);
        sandbox.change(setUp("lo"));
        expect((sandbox.findLink("lo")?.flags ?? 0) & 1).toBe(1);
      });
    }),
  );
});

describe("openSandboxIfThere()", () => {
  const open = (path: string) => {
    const warnings: string[] = [];
    return { sandbox: openSandboxIfThere(path, (line) => void warnings.push(line)), warnings };
  };

  needsRoot("takes an empty path for a namespace that is gone, without a word", () => {
    expect(open("")).toEqual({ sandbox: undefined, warnings: [] });
  });

  needsRoot("takes what cannot be opened for gone, and says so", () => {
    const { sandbox, warnings } = open("/run/netns/berth-never-was");
    expect(sandbox).toBeUndefined();
    expect(warnings).toEqual([
      'failed to open netns "/run/netns/berth-never-was": no such file or directory: taken as gone',
    ]);
  });

  needsRoot(
    "opens one that is there",
    inLab((lab) => {
      const { sandbox, warnings } = open(netnsPath(lab.host));
      expect([sandbox?.path, warnings]).toEqual([netnsPath(lab.host), []]);
      if (sandbox) sys.close(sandbox.fd);
    }),
  );
});
