import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { messageOf } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { refused } from "../operate/answer.ts";
import { answerTo, type Controlled } from "../operate/control.ts";
import { responseOf } from "./serve.ts";

/**
 * Answers at the socket `path`, which only its owner may use, and writes the process's number to `path`.pid, for who finds that nobody
 * answers. Returns what ends that. @throws Explained when another berthd does
 */
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
      ...ENDLESS,
      fetch: (request) => answered(request, controlled),
    });
    chmodSync(path, 0o600);
    writeFileSync(`${path}.pid`, `${process.pid}\n`);
    chmodSync(`${path}.pid`, 0o644);
    return () => {
      server.stop(true);
      for (const file of [path, `${path}.pid`]) rmSync(file, { force: true });
    };
  } finally {
    process.umask(before);
  }
}

/** Characters of an answer that much was made for which is not needed again. */
const LARGE = 1 << 20;
const COLLECT_MS = 500;
let isCollecting = false;

function collectSoon(): void {
  if (isCollecting) return;
  isCollecting = true;
  setTimeout(() => {
    isCollecting = false;
    Bun.gc(true);
  }, COLLECT_MS);
}

/** A watch lasts as long as somebody reads it. Bun 1.4.5 takes this at a unix socket as well, though its types do not know. */
const ENDLESS: object = { idleTimeout: 0 };

async function answered(request: Request, controlled: Controlled): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const asked = {
    method: request.method,
    path: pathname,
    query: (name: string) => searchParams.get(name) ?? undefined,
    text: () => request.text(),
  };
  try {
    const answer = await answerTo(asked, controlled);
    if (typeof answer.body === "string" && answer.body.length > LARGE) collectSoon();
    return responseOf(answer);
  } catch (error) {
    return responseOf(refused(500, messageOf(error)));
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
