/**
 * Run in a container's namespace by port-net.ts: answers on TCP and UDP, of both families, with its name and whom it sees.
 *
 * Usage: bun port-server.ts NAME TCP-PORT,… UDP-PORT,…. It says "ready" when it listens.
 */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";

const [name = "", tcp = "", udp = ""] = process.argv.slice(2);

const plain = (address: string) => address.replace(/^::ffff:/, "");
const listening: Promise<void>[] = [];

for (const port of tcp.split(",").filter(Boolean)) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(`${name} ${plain(socket.remoteAddress ?? "")}`);
  });
  listening.push(new Promise((resolve) => server.listen(Number(port), "::", resolve)));
}
for (const port of udp.split(",").filter(Boolean)) {
  for (const type of ["udp4", "udp6"] as const) {
    const socket = createSocket({ type, ipv6Only: true });
    socket.on("message", (_, { address, port: from }) => socket.send(`${name} ${address}`, from, address));
    listening.push(new Promise((resolve) => socket.bind(Number(port), resolve)));
  }
}
await Promise.all(listening);
console.log("ready");
