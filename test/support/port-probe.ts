/**
 * Run in a namespace by port-net.ts: asks ports, all at once, and prints as JSON what each answers, "refused" or "nothing".
 *
 * Usage: bun port-probe.ts '[["tcp","192.0.2.1",8080],…]' MILLISECONDS
 */
import { createSocket } from "node:dgram";
import { connect } from "node:net";

export type Probe = readonly [protocol: string, address: string, port: number];

const patience = Number(process.argv[3]);

function askTcp(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let text = "";
    const end = (answer: string) => {
      socket.destroy();
      resolve(answer);
    };
    setTimeout(end, patience, "nothing");
    socket.on("data", (data) => {
      text += data;
    });
    socket.on("end", () => end(text));
    socket.on("error", (error: { code?: string }) => end(error.code === "ECONNREFUSED" ? "refused" : `${error.code}`));
  });
}

function askUdp(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    setTimeout(resolve, patience, "nothing");
    socket.on("message", (data) => resolve(`${data}`));
    socket.on("error", () => resolve("refused"));
    socket.send("?", port, host);
  });
}

const probes: Probe[] = JSON.parse(process.argv[2] ?? "[]");
const answers = await Promise.all(
  probes.map(([protocol, host, port]) => (protocol === "tcp" ? askTcp : askUdp)(host, port)),
);
console.log(JSON.stringify(answers));
process.exit(0);
