/** A program of these tests in a namespace, with which one talks in lines. */
import { join } from "node:path";

export interface Talk {
  say(line: string): void;
  /** The next line that it prints. @throws Error when it has ended */
  next(): Promise<string>;
  kill(): void;
}

/** Runs `file` of this directory. */
export function talkTo(ns: string, file: string, ...args: string[]): Talk {
  return talkToProgram(ns, process.execPath, join(import.meta.dir, file), ...args);
}

export function talkToProgram(ns: string, program: string, ...args: string[]): Talk {
  const words = ["ip", "netns", "exec", ns, program, ...args];
  const child = Bun.spawn(words, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const lines = linesOf(child.stdout);
  return {
    say(line) {
      child.stdin.write(`${line}\n`);
      child.stdin.flush();
    },
    async next() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${words.slice(4).join(" ")} in ${ns} has ended`);
      return value;
    },
    kill: () => child.kill("SIGKILL"),
  };
}

export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest: string[] = [];
  for await (const chunk of stream) {
    const [first = "", ...more] = decoder.decode(chunk, { stream: true }).split("\n");
    rest.push(first);
    for (const part of more) {
      yield rest.join("");
      rest = [part];
    }
  }
}
