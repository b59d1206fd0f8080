import type { Answer, Order, WriterOptions } from "../sinks/nft/protocol.ts";
import type { Thread } from "../sinks/nft/sink.ts";

/** Starts the thread that writes rules in this process's network namespace. */
export function startThread(options: WriterOptions): Thread {
  const worker = new Worker(new URL("./nft-worker.ts", import.meta.url).href);
  let take: (answer: Answer) => void = () => {};
  worker.onmessage = ({ data }: MessageEvent<Answer>) => take(data);
  worker.onerror = (event) => take({ kind: "failed", message: event.message });
  worker.postMessage({ kind: "open", ...options } satisfies Order);
  return {
    post: (order) => worker.postMessage(order),
    listen(listener) {
      take = listener;
    },
    close: () => worker.terminate(),
  };
}
