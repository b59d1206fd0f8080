/** What plugins say when nobody called them as a runtime does. */
import { describe, expect } from "bun:test";
import { reference } from "../../package.json";
import { REGISTRY } from "../../src/registry.ts";
import type { Conf } from "../support/conf.ts";
import { inLab } from "../support/lab.ts";
import { built, namespaces, needs } from "../support/needs.ts";

const release = reference.replaceAll(".", "\\.");

const need = needs(namespaces, built);

describe("a plugin started by hand", () => {
  need.each(REGISTRY.map(({ name }) => name))("%s without CNI_COMMAND says what it is, on stderr", async (plugin) => {
    await inLab((lab) => {
      const { status, stdout, stderr } = lab.call(plugin, "ADD", {
        env: { CNI_COMMAND: undefined },
        conf: {} as Conf,
      });
      expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
      expect(stderr).toMatch(
        new RegExp(`^CNI ${plugin} plugin ${release}\\+berth\\.\\d+\\.\\d+\\.\\d+\\nCNI protocol versions`),
      );
    })();
  });

  need(
    "VERSION lists all versions, whatever is on stdin",
    inLab((lab) => {
      const supportedVersions = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];
      for (const stdin of ['{"cniVersion":"0.4.0"}', ""]) {
        const env = { CNI_CONTAINERID: "", CNI_NETNS: "dummy", CNI_IFNAME: "dummy", CNI_PATH: "dummy" };
        const { json, status } = lab.call("bridge", "VERSION", { conf: stdin, env });
        expect({ status, json }).toEqual({ status: 0, json: { cniVersion: "1.1.0", supportedVersions } });
      }
    }),
  );
});
