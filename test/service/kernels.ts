/**
 * npm run kernels:service [-- KERNEL…]: each row of rows.ts on Debian's kernels (test/support/vm/kernels.txt, of this architecture, or
 * those named: "5.10 amd64"), with berthd as it is built and SCTP as the kernel has it. As root. Prints a table in Markdown; ends with 1
 * where a row is not as it should be, or no kernel was there.
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { heading, printTable } from "../../scripts/bench/service/heading.ts";
import { built } from "../../scripts/bench/service/start.ts";
import { sh } from "../support/command.ts";
import { flowsIn } from "../support/service/flows.ts";
import { HOST, NODE, OUTSIDE } from "../support/service/net.ts";
import { KERNELS, type Kernel, kernels, unpacked } from "../support/vm/kernel.ts";
import { type Script, script, type Transcript } from "../support/vm/script.ts";
import { complaints, questionsOf, slicesOf } from "./judge.ts";
import { type Asked, OPTIONS, ROWS, type Row } from "./rows.ts";

const MODULES = [
  ...[
    "veth",
    "nf_tables",
    "nft_chain_nat",
    "nft_masq",
    "nft_nat",
    "nft_numgen",
    "nft_fib_ipv4",
    "nft_fib_ipv6",
    "nft_ct",
  ],
  ...["nft_reject_ipv4", "nft_reject_ipv6", "nft_counter", "nft_hash", "nf_conntrack_netlink", "sctp"],
];
const MEMBERS = [0, 1, 2].map((i) => ({ v4: `10.1.${i}.2`, v6: i === 0 ? "fd01::2" : `fd01:${i}::2` }));
const SERVED = ["tcp 8080", "tcp 8081", "udp 5353", "sctp 9090"];
const PATIENCE_MS = 5000;
/** For no answer, and for being told that there is none. */
const SILENCE_MS = 300;
const REFUSAL_MS = 1000;
const NAMESPACES = { m0: "ip netns exec m0", host: "", outside: "ip netns exec outside" };

const joined = (name: string, host: typeof HOST | { v4: string; v6: string }, own: { v4: string; v6: string }) => `
ip netns add ${name}
ip link add v-${name} type veth peer name eth0 netns ${name}
ip addr add ${host.v4}/24 dev v-${name}
ip addr add ${host.v6}/64 dev v-${name} nodad
ip link set v-${name} up
ip -n ${name} addr add ${own.v4}/24 dev eth0
ip -n ${name} addr add ${own.v6}/64 dev eth0 nodad
ip -n ${name} link set lo up
ip -n ${name} link set eth0 up
ip -n ${name} route add default via ${host.v4}
ip -n ${name} route add default via ${host.v6}`;

/** As openNet of net.ts. */
function addNet(all: Script, ports: string): void {
  const gateway = ({ v4, v6 }: { v4: string; v6: string }) => ({
    v4: v4.replace(/2$/, "1"),
    v6: v6.replace(/2$/, "1"),
  });
  const commands = [
    "ip link set lo up",
    "echo 1 >/proc/sys/net/ipv4/ip_forward",
    "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding",
    "echo 0 >/proc/sys/net/ipv4/icmp_ratelimit",
    "echo 0 >/proc/sys/net/ipv6/icmp/ratelimit",
    ...MEMBERS.map((own, i) => joined(`m${i}`, gateway(own), own)),
    joined("outside", HOST, OUTSIDE),
    `ip route add default via ${OUTSIDE.v4}`,
    `ip route add default via ${OUTSIDE.v6}`,
    ...MEMBERS.flatMap((_, i) =>
      SERVED.map((what) => `ip netns exec m${i} ${ports} serve m${i} ${what} >/dev/null 2>&1 &`),
    ),
    "mkdir -p /etc/berth/services.d",
    // Addresses of the links themselves are tried for being double, and neighbours are asked from them.
    "sleep 3",
  ];
  all.step("net", commands.join("\n"));
}

function addRow(all: Script, row: Row, n: number, berthd: string, ports: string): void {
  const config = { node: NODE, zone: "z1", ...(row.options && OPTIONS[row.options]) };
  const items = [row.service, ...slicesOf(row, MEMBERS)];
  all.step(
    `${n}`,
    `cat >/etc/berthd.json <<'X'
${JSON.stringify(config)}
X
cat >/etc/berth/services.d/web.json <<'X'
${JSON.stringify({ kind: "List", items })}
X
${berthd} run --once --config /etc/berthd.json && ${berthd} run --dry-run --config /etc/berthd.json && nft list ruleset >/dev/null`,
  );
  for (const [i, asked] of row.asked.entries()) addAsked(all, asked, `${n}/${i}`, ports);
}

function addAsked(all: Script, asked: Asked, key: string, ports: string): void {
  const patience = asked.by === "nothing" ? SILENCE_MS : asked.by === "refused" ? REFUSAL_MS : PATIENCE_MS;
  const asks = questionsOf(asked).map(
    ({ protocol, address, port, times }) =>
      `${NAMESPACES[asked.from]} ${ports} ask ${times} ${patience} ${protocol} ${address} ${port}`,
  );
  all.step(`${key}/answers`, ["conntrack -F 2>/dev/null", ...asks].join("\n"));
  all.step(`${key}/flows`, "conntrack -L -f ipv4 2>/dev/null; conntrack -L -f ipv6 2>/dev/null");
}

function judged(transcript: Transcript, row: Row, n: number): string[] {
  const { status, stdout } = transcript.of(`${n}`);
  // A dry run after it has nothing to say.
  if (status !== 0 || stdout.trim() !== "") return [`berthd: status ${status}: ${stdout.trim()}`];
  return row.asked.flatMap((asked, i) => {
    const answers = transcript.of(`${n}/${i}/answers`).stdout.trim().split("\n");
    const flows = flowsIn(transcript.of(`${n}/${i}/flows`).stdout);
    return questionsOf(asked).flatMap((question) =>
      complaints(asked, question, answers.splice(0, question.times), flows, MEMBERS),
    );
  });
}

/** Libraries that a program of this machine needs. */
const librariesOf = (program: string) => sh(undefined, "ldd", program).match(/\/\S+/g) ?? [];

async function run(kernel: Kernel, berthd: string, ports: string): Promise<[string, string[][]]> {
  const all = script();
  addNet(all, ports);
  for (const [n, row] of ROWS.entries()) addRow(all, row, n, berthd, ports);
  const transcript = await all.run(kernel, {
    modules: MODULES,
    programs: ["conntrack"],
    files: [berthd, ports, ...librariesOf(berthd)],
    memory: 1024,
  });
  console.error(`Linux ${kernel.name}: ${transcript.seconds.toFixed(0)} s`);
  return [transcript.release, ROWS.map((row, n) => judged(transcript, row, n))];
}

async function main(): Promise<void> {
  const named = process.argv.slice(2);
  const own = KERNELS.filter(({ architecture }) => architecture === (process.arch === "arm64" ? "arm64" : "amd64"));
  const there = (named.length > 0 ? kernels(named.join()) : own).filter((kernel) => unpacked(kernel) !== undefined);
  if (there.length === 0) throw new Error("no kernel is there to be booted: npm run kernels unpacks them");
  const directory = mkdtempSync(join(tmpdir(), "berth-ports-"));
  try {
    const ports = join(directory, "ports");
    sh(
      undefined,
      process.env.CC ?? "cc",
      "-O2",
      "-static",
      "-o",
      ports,
      join(import.meta.dir, "../support/service/ports.c"),
    );
    // Its own, as others may build while machines run.
    const berthd = join(directory, "berthd");
    copyFileSync(built()[0] ?? "", berthd);
    const ran: [string, string[][]][] = [];
    for (const kernel of there) ran.push(await run(kernel, berthd, ports));
    const wrong = ran.flatMap(([release, rows]) =>
      rows.flatMap((lines, n) => lines.map((line) => `${release}: ${ROWS[n]?.feature}: ${line}`)),
    );
    console.log(`${heading()}\n`);
    const cells = ROWS.map(({ feature }, n) => [feature, ...ran.map(([, rows]) => (rows[n]?.length ? "no" : "yes"))]);
    printTable(["feature, IPv4 and IPv6", ...ran.map(([release]) => release)], cells);
    if (wrong.length > 0) throw new Error(wrong.join("\n"));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

await main();
