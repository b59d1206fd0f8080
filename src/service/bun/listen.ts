import { Explained } from "../../base/explained.ts";
import type { BindAddress } from "../config.ts";
import { type ControlAnswer, refused } from "../operate/answer.ts";
import { responseOf } from "./serve.ts";

/** The answer to a path; undefined where there is none. */
export type Answering = (path: string) => ControlAnswer | undefined;

/** Answers GET over TCP, for kubelet and Prometheus. Returns what ends that. @throws Explained where the address cannot be had */
export function listenAt({ hostname, port }: BindAddress, key: string, answer: Answering): () => void {
  try {
    const server = Bun.serve({
      hostname,
      port,
      fetch({ method, url }) {
        const { pathname } = new URL(url);
        const told = method === "GET" || method === "HEAD" ? answer(pathname) : undefined;
        return responseOf(told ?? refused(404, `${method} ${pathname}: not answered here`));
      },
    });
    return () => void server.stop(true);
  } catch (error) {
    const { message } = error as Error;
    throw new Explained(`cannot listen at ${key} ${hostname}:${port}: ${message}`, `give ${key} another port`, error);
  }
}
