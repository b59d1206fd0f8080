/** A line on a terminal that says how far the benchmark is; nothing where stderr is no terminal. */

const WIDTH = 30;

export interface Progress {
  /** Names what comes next. */
  title(text: string): void;
  /** One step of it is done. */
  step(): void;
  end(): void;
}

/** `total` is the number of steps. */
export function startProgress(total: number): Progress {
  const terminal = process.stderr.isTTY === true;
  let done = 0;
  let name = "";
  const draw = () => {
    if (!terminal) return;
    const share = Math.min(1, done / total);
    const bar = "█".repeat(Math.round(share * WIDTH)).padEnd(WIDTH, "░");
    process.stderr.write(`\r\x1b[K${bar} ${String(Math.round(share * 100)).padStart(3)} %  ${name}`);
  };
  return {
    title: (text) => {
      name = text;
      if (!terminal) process.stderr.write(`bench: ${text}\n`);
      draw();
    },
    step: () => {
      done++;
      draw();
    },
    end: () => void (terminal && process.stderr.write("\r\x1b[K")),
  };
}
