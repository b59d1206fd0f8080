/**
 * Run in a namespace by churn.ts: endpoints on addresses of their own, which greet with the address and send back what they get.
 * Lines on stdin: `open ADDRESS PORT`, `close ADDRESS PORT`: no new connections then; those that there are go on. Each is answered
 * by itself on stdout.
 */
const listeners = new Map<string, Bun.TCPSocketListener>();

function open(hostname: string, port: number): void {
  const listener = Bun.listen({
    hostname,
    port,
    socket: {
      open: (socket) => void socket.write(`${hostname}\n`),
      data: (socket, data) => void socket.write(data),
      error() {},
    },
  });
  listeners.set(hostname, listener);
}

for await (const line of console) {
  const [what, address = "", port] = line.split(" ");
  if (what === "open") open(address, Number(port));
  else listeners.get(address)?.stop();
  console.log(line);
}

export {};
