/**
 * How long `berth doctor` takes: bun test/doctor/time.ts [CONTAINERS], 110 of nerdctl's list where nothing is said. Prints the
 * wall clock and the processor time of each run, in milliseconds.
 */
import { netnsPath } from "../support/conf.ts";
import { DoctoredNode } from "../support/doctored.ts";

const count = Number(process.argv[2] ?? 110);
const RUNS = 5;

const node = new DoctoredNode();
try {
  const list = node.list();
  node.write("10-net0.conflist", list);
  for (let i = 0; i < count; i++) {
    node.attach(list, `c${i}`, { portMappings: [{ hostPort: 9000 + i, containerPort: 80, protocol: "tcp" }] });
  }
  const enter = ["nsenter", `--net=${netnsPath(node.lab.host)}`];
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    const { stdout, resourceUsage } = Bun.spawnSync([...enter, ...node.words()]);
    const wall = performance.now() - started;
    const cpu = Number(resourceUsage.cpuTime.total) / 1000;
    console.log(
      `${wall.toFixed(0)} ms, processor ${cpu.toFixed(0)} ms: ${stdout.toString().trimEnd().split("\n").at(-1)}`,
    );
  }
} finally {
  node.close();
}
