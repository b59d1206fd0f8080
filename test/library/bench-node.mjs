// Measures for bench.ts, on Node: node bench-node.mjs LIBRARY DIRECTORY-OF-PLUGINS

import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [library, place] = process.argv.slice(2);
const { addNetworkList, delNetworkList, loadNetworkList } = await import(pathToFileURL(library).href);
const options = { path: [place], cacheDirectory: join(place, "cache") };
const ROUNDS = 200;

const answer = { stdout: '{"cniVersion":"1.1.0","ips":[{"address":"10.1.2.3/24"}]}' };

const list = (plugins) =>
  loadNetworkList({
    config: {
      cniVersion: "1.1.0",
      name: "net",
      plugins: Array.from({ length: plugins }, (_, i) => ({ type: `p${i}`, answers: { ADD: answer } })),
    },
  });

/** Starts a plugin with a request as the library would, reads its answer, and that is all. */
function alone(type, stdin) {
  return new Promise((resolve, reject) => {
    const child = spawn(join(place, type), [], { env: { CNI_COMMAND: "ADD" }, stdio: "pipe" });
    child.on("error", reject);
    child.on("close", resolve);
    child.stdout.on("data", () => {});
    child.stderr.on("data", () => {});
    child.stdin.end(stdin);
  });
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

console.log("| plugins | plugins alone, ms | ADD by the library, ms | added for each plugin, ms |");
console.log("| --: | --: | --: | --: |");
for (const count of [1, 4]) {
  const network = await list(count);
  const stdin = JSON.stringify({ answers: { ADD: answer } });
  const container = { containerId: "c1", netns: "/run/netns/c1", ifname: "eth0" };
  const times = { alone: [], library: [] };
  for (let i = -20; i < ROUNDS; i++) {
    const bare = await timed(async () => {
      for (let k = 0; k < count; k++) await alone(`p${k}`, stdin);
    });
    const added = await timed(() => addNetworkList(network, container, options));
    await delNetworkList(network, container, options);
    // The first rounds warm the engine up.
    if (i >= 0) {
      times.alone.push(bare);
      times.library.push(added);
    }
  }
  const [bare, added] = [median(times.alone), median(times.library)];
  const digits = (ms) => ms.toFixed(2);
  console.log(`| ${count} | ${digits(bare)} | ${digits(added)} | ${digits((added - bare) / count)} |`);
}
