/** Asking an endpoint whether it is ready (sources/probes.ts). */
import type { ProbeOptions, Question } from "../sources/probes.ts";

/** More of an answer is not read: the status is in the first line. */
const LINE_MAX = 64;

export const probing: ProbeOptions = {
  ask,
  later(milliseconds, work) {
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  },
};

function ask({ address, port, http, timeout }: Question): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), timeout);
  let read = "";
  const socket = {
    open(socket: Bun.Socket) {
      if (http) socket.write(requestOf(http, address, port));
      else resolve(true);
    },
    data(_: Bun.Socket, data: Buffer) {
      read += data.toString("latin1");
      if (read.includes("\n") || read.length > LINE_MAX) resolve(isGood(read));
    },
    close: () => resolve(false),
    error: () => resolve(false),
    connectError: () => resolve(false),
  };
  const opening = Bun.connect({ hostname: address, port, socket }).catch(() => resolve(false));
  return promise.finally(() => {
    clearTimeout(timer);
    void opening.then((opened) => opened?.terminate());
  });
}

function requestOf({ path, host }: NonNullable<Question["http"]>, address: string, port: number): string {
  const own = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  return `GET ${path} HTTP/1.1\r\nHost: ${host ?? own}\r\nUser-Agent: berthd\r\nAccept: */*\r\nConnection: close\r\n\r\n`;
}

/** As Kubernetes has it, a redirection is good too. */
function isGood(answer: string): boolean {
  return /^HTTP\/1\.[01] [23]\d\d\b/.test(answer);
}
