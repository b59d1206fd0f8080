// Calls of all kinds that are to be fast, made by the unfinished executable, which notes what of its memory they use
// (runtime/src/training.rs): train.mjs EXECUTABLE DIRECTORY FILE [--no-network]. Without --no-network it is to be run
// in a network namespace made for it, in which it makes a bridge.

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const [executable, directory, file, noNetwork] = process.argv.slice(2);
const bin = join(directory, "bin");
mkdirSync(bin);
for (const plugin of ["bridge", "host-local"]) symlinkSync(executable, join(bin, plugin));

const ipam = { type: "host-local", ranges: [[{ subnet: "10.0.0.0/24" }]], routes: [{ dst: "0.0.0.0/0" }] };
const network = (name, keys) => ({
  cniVersion: "1.0.0",
  name,
  type: "bridge",
  bridge: "training0",
  isGateway: true,
  ipam: { ...ipam, dataDir: join(directory, "leases") },
  berth: { indexDir: join(directory, "index") },
  ...keys,
});

/** Makes a call; returns its result, if it has one. Throws an Error when it fails. */
function call(plugin, verb, container, netns, conf) {
  const env = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: container.padEnd(64, "0"),
    CNI_NETNS: netns,
    CNI_IFNAME: "eth0",
    CNI_PATH: bin,
    BERTH_TRAINING: file,
  };
  const { status, stdout } = spawnSync(join(bin, plugin), [], { argv0: plugin, env, input: JSON.stringify(conf) });
  if (status !== 0) throw new Error(`${plugin} ${verb}: ${stdout}`);
  return stdout.length > 0 ? JSON.parse(stdout) : undefined;
}

function attachAndDetach(plugin, container, netns, conf) {
  const prevResult = call(plugin, "ADD", container, netns, conf);
  call(plugin, "CHECK", container, netns, { ...conf, prevResult });
  call(plugin, "DEL", container, netns, { ...conf, prevResult });
  call(plugin, "DEL", container, netns, conf);
}

/** A process in a network namespace of its own, and the namespace's path. */
async function container() {
  const child = spawn("unshare", ["-n", "sleep", "60"], { stdio: "ignore" });
  const netns = `/proc/${child.pid}/ns/net`;
  const mine = readlinkSync("/proc/self/ns/net");
  for (let tries = 0; readlinkSync(netns) === mine; tries++) {
    if (tries > 1000) throw new Error("no network namespace");
    await new Promise((done) => setTimeout(done, 2));
  }
  return { child, netns };
}

call("bridge", "VERSION", "v", "", {});
attachAndDetach("host-local", "h", "/run/netns/training", network("addresses", {}));
if (noNetwork === undefined) {
  const { child, netns } = await container();
  try {
    // The first makes the bridge.
    for (const id of ["a", "b", "c"]) attachAndDetach("bridge", id, netns, network("plain", {}));
    for (const id of ["d", "e"]) attachAndDetach("bridge", id, netns, network("masquerade", { ipMasq: true }));
  } finally {
    child.kill();
  }
}
