import { EBUSY, EINTR } from "../base/errno.ts";
import { Writer } from "../wire/cursor.ts";
import {
  type Message,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  readAck,
  readMessages,
  writeMessage,
} from "../wire/message.ts";
import { NetlinkError } from "./error.ts";
import type { Socket } from "./socket.ts";

/** A change that is to be asked of the kernel, or a question among changes. */
export interface Request {
  /** In the words of the command it equals, for errors. */
  readonly operation: () => string;
  readonly type: number;
  /** Flags besides NLM_F_REQUEST and NLM_F_ACK. */
  readonly flags: number;
  readonly body: (w: Writer) => void;
  /** Errors that count as success. */
  readonly tolerate?: readonly number[];
  /** Is told of one. */
  readonly tolerated?: () => void;
  /** What makes it a question: is given its one answer. */
  readonly answer?: (message: Message) => void;
}

/** An observer of all traffic: BERTH_TRACE. */
export type Tap = (direction: ">" | "<", datagram: Uint8Array) => void;

/**
 * How many changes one datagram holds at most. The kernel refuses (EMSGSIZE) a datagram beyond the socket's send buffer, and
 * loses (ENOBUFS) errors beyond its receive buffer: by default 208 KiB each, of which an error takes 768 bytes.
 */
const SERIES = 128;

/** How long the rest of an open dump is waited for: it comes at once, as it is asked for. */
const END_MS = 1000;

function refusal({ operation, tolerate, tolerated }: Request, message: Message): NetlinkError | undefined {
  const { errno, text } = readAck(message);
  if (!errno) return undefined;
  if (!tolerate?.includes(errno)) return new NetlinkError(operation(), errno, text);
  tolerated?.();
  return undefined;
}

/** A conversation with one netlink family over one socket: the only receive loop there is. */
export class Client {
  readonly #socket: Socket;
  readonly #tap: Tap | undefined;
  #seq = 0;

  constructor(socket: Socket, tap?: Tap) {
    this.#socket = socket;
    this.#tap = tap;
  }

  /** SO_NETNS_COOKIE of the client's namespace, decimal; undefined where the kernel has none. */
  cookie(): string | undefined {
    return this.#socket.cookie();
  }

  close(): void {
    this.#socket.close();
  }

  /** Asks for one change. Throws NetlinkError. */
  change(request: Request): void {
    this.changeAll([request]);
  }

  /**
   * Asks for several changes in one datagram: one system call in which the kernel does them in order, so that no
   * kill can fall between them. More than SERIES are several datagrams. It goes on after a failing one. Throws the first
   * failure, after all are answered.
   */
  changeAll(requests: readonly Request[]): void {
    const failure = this.attempt(requests).find((error) => error !== undefined);
    if (failure) throw failure;
  }

  /**
   * Like changeAll, but returns each request's failure (undefined: done) in place of throwing.
   * Only the last request asks for an acknowledgement, unless it is a question: errors are sent unasked, and in order.
   */
  attempt(requests: readonly Request[]): (NetlinkError | undefined)[] {
    if (requests.length <= SERIES) return this.#attemptSeries(requests);
    const outcome: (NetlinkError | undefined)[] = [];
    for (let at = 0; at < requests.length; at += SERIES) {
      outcome.push(...this.#attemptSeries(requests.slice(at, at + SERIES)));
    }
    return outcome;
  }

  #attemptSeries(requests: readonly Request[]): (NetlinkError | undefined)[] {
    const outcome = new Array<NetlinkError | undefined>(requests.length);
    const first = this.sequence(requests.length);
    const last = this.#seq;
    if (last < first) return outcome;
    const w = new Writer();
    requests.forEach(({ type, flags, body, answer }, i) => {
      const ack = first + i === last && !answer ? NLM_F_ACK : 0;
      writeMessage(w, type, NLM_F_REQUEST | flags | ack, first + i, body);
    });
    this.#send(w.finish());
    for (let answered = false; !answered; ) {
      for (const message of this.#receive()) {
        const request = requests[message.seq - first];
        if (!request) continue;
        if (message.type === NLMSG_ERROR) outcome[message.seq - first] = refusal(request, message);
        else if (request.answer) request.answer(message);
        else continue;
        answered = message.seq === last;
      }
    }
    return outcome;
  }

  /** Sends a datagram that the caller has framed itself (nfnetlink batches) with its own sequence numbers. */
  sendRaw(datagram: Uint8Array): void {
    this.#send(datagram);
  }

  /** The next datagram's messages. Throws EAGAIN after `timeout` milliseconds if given. */
  receive(timeout?: number): Message[] {
    return this.#receive(timeout);
  }

  /** Reserves `count` consecutive sequence numbers and returns the first. */
  sequence(count: number): number {
    const first = this.#seq + 1;
    this.#seq += count;
    return first;
  }

  /** Asks one object by key and decodes the answer. Throws NetlinkError (ENODEV, ENOENT … when there is none). */
  get<T>(operation: string, type: number, body: (w: Writer) => void, decode: (message: Message) => T): T {
    const seq = ++this.#seq;
    const w = new Writer(256);
    writeMessage(w, type, NLM_F_REQUEST, seq, body);
    this.#send(w.finish());
    for (;;) {
      for (const message of this.#receive()) {
        if (message.seq !== seq) continue;
        if (message.type !== NLMSG_ERROR) return decode(message);
        const { errno, text } = readAck(message);
        throw new NetlinkError(operation, errno, text);
      }
    }
  }

  /** Lists objects. A dump that the kernel says was interrupted by a change is repeated, at last failing with EINTR. */
  dump<T>(operation: string, type: number, body: (w: Writer) => void, decode: (message: Message) => T): T[] {
    for (let left = 10; left > 0; left--) {
      const found = this.#dumpOnce(operation, type, body, decode);
      if (found) return found;
    }
    throw new NetlinkError(operation, EINTR, "the list kept changing while it was read");
  }

  #dumpOnce<T>(
    operation: string,
    type: number,
    body: (w: Writer) => void,
    decode: (message: Message) => T,
  ): T[] | undefined {
    const seq = ++this.#seq;
    const w = new Writer(256);
    writeMessage(w, type, NLM_F_REQUEST | NLM_F_DUMP, seq, body);
    this.#send(w.finish());
    const found: T[] = [];
    let interrupted = false;
    for (;;) {
      for (const message of this.#receive()) {
        if (message.seq !== seq) continue;
        if (message.flags & NLM_F_DUMP_INTR) interrupted = true;
        if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) {
          const { errno, text } = message.body.left >= 4 ? readAck(message) : { errno: 0, text: undefined };
          if (errno === EINTR) interrupted = true;
          else if (errno === EBUSY) this.#readOpenDump();
          else if (errno) throw new NetlinkError(operation, errno, text);
          return interrupted || errno === EBUSY ? undefined : found;
        }
        found.push(decode(message));
        if (!(message.flags & NLM_F_MULTI)) return found;
      }
    }
  }

  /** What a signal made its caller leave in the middle is read to its end: before that a socket gets no other dump. */
  #readOpenDump(): void {
    while (!this.#receive(END_MS).some(({ type }) => type === NLMSG_DONE));
  }

  #send(datagram: Uint8Array): void {
    this.#tap?.(">", datagram);
    this.#socket.send(datagram);
  }

  #receive(timeout?: number): Message[] {
    const datagram = this.#socket.receive(timeout);
    this.#tap?.("<", datagram);
    return readMessages(datagram);
  }
}
