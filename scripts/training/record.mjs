// `npm run record`: makes the training's calls on a real kernel, in network namespaces of its own, and writes down what the
// kernel answers (replies.txt). To be repeated when what berth asks of the kernel has changed: test/guard says so.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { environment, isUsual, LIVES, live } from "./calls.mjs";

const BIN = fileURLToPath(new URL("../../dist/bin", import.meta.url));
const REPLIES = new URL("replies.txt", import.meta.url);

/** One netlink message of a trace (src/netlink/trace.ts) in hexadecimal, header and body, padded as in a datagram. */
function message([, type, flags, seq, body]) {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length / 2, 0);
  header.writeUInt16LE(Number(type), 4);
  header.writeUInt16LE(Number(flags), 6);
  header.writeUInt32LE(Number(seq), 8);
  return header.toString("hex") + body;
}

/** A process in a network namespace of its own, and the namespace's path. */
async function container() {
  const child = spawn("unshare", ["-n", "sleep", "60"], { stdio: "ignore" });
  const netns = `/proc/${child.pid}/ns/net`;
  const mine = readlinkSync("/proc/self/ns/net");
  while (readlinkSync(netns) === mine) await new Promise((done) => setTimeout(done, 2));
  return { child, netns };
}

async function record(directory) {
  const containers = [await container(), await container()];
  const lines = [];
  const call = (label, plugin, verb, conf, id) => {
    const { netns } = containers[isUsual(id) ? 0 : 1];
    const env = { ...environment(verb, id, netns, BIN), BERTH_TRACE: "1" };
    const input = JSON.stringify(conf);
    const { status, stdout, stderr } = spawnSync(join(BIN, plugin), [], { env, input, encoding: "utf8" });
    if (status !== 0) throw new Error(`${label}: ${stdout}`);
    const answers = [...stderr.matchAll(/^\S+ < \S+ type (\d+) flags (\S+) seq (\d+) (\S*)$/gm)];
    lines.push(`# ${label}`, ...answers.map(message));
    return stdout;
  };
  try {
    for (const one of LIVES) live(one, directory, call);
  } finally {
    for (const { child } of containers) child.kill();
  }
  return `${lines.join("\n")}\n`;
}

if (process.env.BERTH_RECORDING === undefined) {
  const call = ["-n", process.execPath, fileURLToPath(import.meta.url)];
  const { status } = spawnSync("unshare", call, { stdio: "inherit", env: { ...process.env, BERTH_RECORDING: "1" } });
  process.exit(status ?? 1);
}
const directory = mkdtempSync(join(tmpdir(), "berth-recording-"));
try {
  writeFileSync(REPLIES, await record(directory));
} finally {
  rmSync(directory, { recursive: true });
}
