/** What changes while an ADD runs: an IPAM plugin of the test's own makes it happen, at a point where the link exists. */
import { describe, expect } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../support/cni-error.ts";
import { FAKE_RESULT } from "../support/fake-ipam.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { built, namespaces, needs, nftables } from "../support/needs.ts";

const test = needs(namespaces, nftables, built);

/** An IPAM plugin "midway" that runs `commands` at ADD, in the host's namespace, and then gives an address. */
function midway(
  lab: Lab,
  commands: string,
): { options: { conf: ReturnType<Lab["conf"]>; path: string }; calls(): string } {
  const path = join(lab.dir, "path");
  const log = join(lab.dir, "calls");
  mkdirSync(path, { recursive: true });
  const script = [
    "#!/bin/sh",
    `echo "$CNI_COMMAND" >>${log}`,
    '[ "$CNI_COMMAND" = ADD ] || exit 0',
    commands,
    `echo '${JSON.stringify(FAKE_RESULT)}'`,
  ];
  writeFileSync(join(path, "midway"), script.join("\n"));
  chmodSync(join(path, "midway"), 0o755);
  const conf = lab.conf({ ipMasq: true, ipam: { type: "midway" }, berth: { lockTimeout: 1 } });
  return { options: { conf, path }, calls: () => readFileSync(log, "utf8") };
}

describe("ADD from under which something is taken", () => {
  test.each([
    ["the container's interface", 'nsenter --net="$CNI_NETNS" ip link del "$CNI_IFNAME"', "eth0"],
    [
      "its interface, and its namespace loses its name",
      'nsenter --net="$CNI_NETNS" ip link del "$CNI_IFNAME"; ip netns del "$(basename "$CNI_NETNS")"',
      "eth0",
    ],
    ["the bridge", "ip link del lab0", "no such device"],
  ])("fails with a CNI error, gives the address back and leaves nothing: %s", async (_, commands, words) => {
    await inLab((lab) => {
      const ns = lab.container();
      const { options, calls } = midway(lab, commands);
      cniError(lab.call("bridge", "ADD", { ns, ...options }), words);
      expect(calls()).toBe("ADD\nDEL\n");
      const veths = lab.ipj(lab.host, "link", "show", "type", "veth");
      expect([veths, lab.nftj(lab.host).flatMap((row) => row.set?.elem ?? [])]).toEqual([[], []]);
      const { options: sound } = midway(lab, "");
      expect(lab.add({ ns: lab.container(), ...sound }).ips[0].address).toBe(FAKE_RESULT.ips[0]?.address ?? "");
    })();
  });
});

test(
  "ADD waits for a foreign IPAM plugin however long it takes",
  inLab((lab) => {
    const { options } = midway(lab, "sleep 3");
    const start = performance.now();
    lab.add({ ns: lab.container(), ...options });
    expect(performance.now() - start).toBeGreaterThan(3000);
  }),
);
