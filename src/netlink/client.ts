import { EBUSY, EINTR } from "../base/errno.ts";
import type { Writer } from "../wire/cursor.ts";
import {
  type Message,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
  readAck,
} from "../wire/message.ts";
import { NetlinkError } from "./error.ts";
import { Exchange, type Tap } from "./exchange.ts";
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

/**
 * How many changes one datagram holds at most. The kernel refuses (EMSGSIZE) a datagram beyond the socket's send buffer, and
 * loses (ENOBUFS) errors beyond its receive buffer: by default 208 KiB each, of which an error takes 768 bytes.
 */
const SERIES = 128;

function refusal({ operation, tolerate, tolerated }: Request, message: Message): NetlinkError | undefined {
  const { errno, text } = readAck(message);
  if (!errno) return undefined;
  if (!tolerate?.includes(errno)) return new NetlinkError(operation(), errno, text);
  tolerated?.();
  return undefined;
}

/** A conversation with one netlink family over one socket. */
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

  /** An exchange of `count` messages at most, for a caller that frames them itself (nfnetlink's batches). */
  begin(count: number): Exchange {
    const first = this.#seq + 1;
    this.#seq += count;
    return new Exchange(this.#socket, this.#tap, first);
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
    const last = requests.length - 1;
    if (last < 0) return outcome;
    const exchange = this.begin(requests.length);
    requests.forEach(({ type, flags, body, answer }, i) => {
      exchange.add(type, i === last && !answer ? flags | NLM_F_ACK : flags, body);
    });
    exchange.send();
    for (;;) {
      const message = exchange.next();
      const place = exchange.placeOf(message);
      const request = requests[place] as Request;
      if (message.type === NLMSG_ERROR) outcome[place] = refusal(request, message);
      else if (request.answer) request.answer(message);
      else continue;
      if (place === last) return outcome;
    }
  }

  /** Asks one object by key and decodes the answer. Throws NetlinkError (ENODEV, ENOENT … when there is none). */
  get<T>(operation: string, type: number, body: (w: Writer) => void, decode: (message: Message) => T): T {
    const exchange = this.begin(1);
    exchange.add(type, 0, body);
    exchange.send();
    const message = exchange.next();
    if (message.type !== NLMSG_ERROR) return decode(message);
    const { errno, text } = readAck(message);
    throw new NetlinkError(operation, errno, text);
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
    const exchange = this.begin(1);
    exchange.add(type, NLM_F_DUMP, body);
    exchange.send();
    const found: T[] = [];
    let interrupted = false;
    for (;;) {
      const message = exchange.next();
      if (message.flags & NLM_F_DUMP_INTR) interrupted = true;
      if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) {
        const { errno, text } = message.body.left >= 4 ? readAck(message) : { errno: 0, text: undefined };
        // Before the end of a dump a socket gets no other.
        if (errno === EBUSY) exchange.endOpenDump();
        else if (errno && errno !== EINTR) throw new NetlinkError(operation, errno, text);
        return interrupted || errno ? undefined : found;
      }
      found.push(decode(message));
      if (!(message.flags & NLM_F_MULTI)) return found;
    }
  }
}
