import { EACCES, EAGAIN, ECONNREFUSED, ECONNRESET, ENOENT, EPERM, EPIPE, errnoOf, isErrno } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { decodeUtf8 } from "../../base/utf8.ts";
import { Exchange, joined, type Request } from "./http.ts";

/** Where berthd answers when its configuration does not say. */
export const SOCKET = "/run/berth/berthd.sock";

/** Milliseconds that it may be silent: what many services take in it is some seconds. */
const PATIENCE = 10_000;

/** `?name=value&…` of what has a value. */
export function queryOf(values: Readonly<Record<string, string | boolean | undefined>>): string {
  const words = Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === false || value === "" ? [] : [`${name}=${encodeURIComponent(String(value))}`],
  );
  return words.length > 0 ? `?${words.join("&")}` : "";
}

/** What berthd answers to a request, whose errors are its. @throws Explained */
export function ask(socket: string, request: Request, patience = PATIENCE): string {
  return explained(socket, () => {
    const exchange = open(socket, request, patience);
    try {
      return exchange.text();
    } finally {
      exchange.close();
    }
  });
}

/** The same as it comes, line by line: to be closed. */
export function follow(socket: string, request: Request, patience = PATIENCE): Lines {
  return new Lines(explained(socket, () => open(socket, request, patience)));
}

function open(socket: string, request: Request, patience: number): Exchange {
  const exchange = new Exchange(socket, request, patience);
  if (exchange.status < 300) return exchange;
  try {
    const { error } = JSON.parse(exchange.text()) as { error: string };
    throw new Explained(error, "");
  } finally {
    exchange.close();
  }
}

export class Lines {
  readonly #exchange: Exchange;
  /** What has come of a line that has not ended. */
  #begun: Uint8Array[] = [];

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** The next whole lines; undefined when no more will come. Waits however long. @throws Explained, SysError, and at a signal */
  next(): string[] | undefined {
    for (;;) {
      const part = this.#part();
      if (part === undefined) return undefined;
      const end = part.lastIndexOf(NEWLINE) + 1;
      const whole = end > 0 ? decodeUtf8(joined([...this.#begun, part.subarray(0, end)])) : undefined;
      this.#begun = end > 0 ? [part.subarray(end)] : [...this.#begun, part];
      if (whole !== undefined) return whole.split("\n").filter(Boolean);
    }
  }

  #part(): Uint8Array | undefined {
    for (;;) {
      try {
        return this.#exchange.next();
      } catch (error) {
        if (!isErrno(error, EAGAIN)) throw error;
      }
    }
  }

  close(): void {
    this.#exchange.close();
  }
}

const NEWLINE = 10;

/** Says of what the kernel refuses what is wrong with berthd, and what helps. */
function explained<T>(socket: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const why = FAILURES[errnoOf(error) ?? 0];
    if (!why) throw error;
    const [what, next] = why;
    throw new Explained(`${socket}: ${what}`, next, error);
  }
}

const START = "start it: systemctl start berthd; --socket names another place, as `socket` in its configuration does";
const DENIED = ["only its owner may ask berthd (the socket's mode is 0600)", "ask as root: sudo berth svc …"] as const;

const ENDED = ["berthd ended while it was asked", "ask again; journalctl -u berthd says why it ended"] as const;

const FAILURES: Readonly<Record<number, readonly [what: string, next: string]>> = {
  [ENOENT]: ["berthd does not run here: there is no such socket", START],
  [ECONNREFUSED]: ["berthd does not run: nobody listens at its socket", START],
  [EACCES]: DENIED,
  [EPERM]: DENIED,
  [EAGAIN]: ["berthd takes the question and does not answer", "`berth doctor` says why; systemctl restart berthd"],
  [EPIPE]: ENDED,
  [ECONNRESET]: ENDED,
};
