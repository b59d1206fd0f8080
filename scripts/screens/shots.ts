/**
 * `npm run screens`: what `berth doctor` and `berth explain` print on a terminal about a node with faults, as pictures for the
 * README (docs/doctor.svg, docs/explain.svg). As root, after `npm run build`; in namespaces of its own.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Attached, DoctoredNode } from "../../test/support/doctored.ts";
import { terminalSvg } from "./terminal.ts";

const DOCS = join(import.meta.dir, "../../docs");
const COLUMNS = 110;

const node = new DoctoredNode();
try {
  node.write("10-mynet.conflist", node.list({ name: "mynet" }));
  const [, db] = ["web", "db"].map((id) => node.attach(node.list({ name: "mynet" }), id)) as [Attached, Attached];
  node.sh("nft flush table ip berth");
  node.sh(`ip link set ${db.veth} nomaster`);
  draw("doctor", "berth doctor", node.words());
  draw("explain", "berth explain db", [node.berth, "explain", "db", ...node.words().slice(2)]);
} finally {
  node.close();
}

/** Runs the command on a terminal, and draws it below the line that a person types. */
function draw(name: string, typed: string, words: string[]): void {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const command = `stty cols ${COLUMNS}; ${quoted}; true`;
  const { stdout } = node.lab.attempt(node.lab.host, "env", "TERM=xterm", "script", "-qec", command, "/dev/null");
  const shown = stdout
    .replaceAll(node.berth, "berth")
    .replaceAll(node.conf, "/etc/cni/net.d")
    .replaceAll(node.bin, "/opt/cni/bin")
    .replaceAll(node.cache, "/var/lib/cni")
    .replaceAll(node.lab.store, "/var/lib/cni/networks")
    .replaceAll("ndc0", "cni0")
    .replaceAll(" --cache-dir /var/lib/cni", "");
  writeFileSync(join(DOCS, `${name}.svg`), terminalSvg(`# ${typed}\n${shown}`));
  console.log(shown);
}
