import { chmodSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { Explained } from "../../base/explained.ts";
import { answerTo, type Controlled } from "../operate/control.ts";

/** Answers at the socket `path`, which only its owner may use. Returns what ends that. @throws Explained when another berthd does */
export async function serveControl(path: string, controlled: Controlled): Promise<() => void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  if (existsSync(path)) {
    if (await isAnswered(path)) throw inUse(path);
    rmSync(path);
  }
  const before = process.umask(0o177);
  try {
    const server = Bun.serve({
      unix: path,
      fetch(request) {
        const { status, type, body } = answerTo(request.method, new URL(request.url).pathname, controlled);
        return new Response(body, { status, headers: { "content-type": type } });
      },
    });
    chmodSync(path, 0o600);
    return () => {
      server.stop(true);
      rmSync(path, { force: true });
    };
  } finally {
    process.umask(before);
  }
}

function inUse(path: string): Explained {
  return new Explained(
    `another berthd answers at ${path}`,
    "stop that one, or give this one another socket in its configuration",
  );
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
