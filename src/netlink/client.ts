import { EBUSY, EINTR } from "../base/errno.ts";
import {
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
import { commandsOf, type Question, type Request } from "./request.ts";
import type { Socket } from "./socket.ts";

/** A request, or a question among requests. */
type Asked = Request | { readonly form: Question<unknown, unknown>; readonly object: unknown };

/** What became of it: an answer, a NetlinkError, or undefined for what was done or tolerated, or is not there. */
type Outcome = unknown;

type Failures = (NetlinkError | undefined)[];

/** What became of changes, and of the question among them. */
export interface Attempted<A> {
  readonly failures: Failures;
  /** Undefined when there is none. */
  readonly answer: A | undefined;
}

/**
 * How many changes one datagram holds at most. The kernel refuses (EMSGSIZE) a datagram beyond the socket's send buffer, and
 * loses (ENOBUFS) errors beyond its receive buffer: by default 208 KiB each, of which an error takes 768 bytes.
 */
const SERIES = 128;

/** How often a dump is begun at most. */
const DUMPS = 10;

/** A conversation with one netlink family over one socket. */
export class Client {
  readonly #socket: Socket;
  readonly #exchange: Exchange;

  /** Is told of each change that was done, in the words of the command that it equals. */
  readonly told: ((command: string) => void) | undefined;

  constructor(socket: Socket, tap?: Tap, told?: (command: string) => void) {
    this.#socket = socket;
    this.#exchange = new Exchange(socket, tap);
    this.told = told;
  }

  /** SO_NETNS_COOKIE of the client's namespace, decimal; undefined where the kernel has none. */
  cookie(): string | undefined {
    return this.#socket.cookie();
  }

  close(): void {
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The client's exchange, begun anew, for a caller that frames its messages itself (nfnetlink's batches). */
  begin(): Exchange {
    this.#exchange.begin();
    return this.#exchange;
  }

  /**
   * Asks for changes in one datagram: one system call in which the kernel does them in order, so that no
   * kill can fall between them. More than SERIES are several datagrams. It goes on after a failing one. Throws the first
   * failure, after all are answered.
   */
  change(...requests: readonly Request[]): void {
    for (const failure of this.attempt(requests)) if (failure) throw failure;
  }

  /**
   * Like change, but returns each request's failure (undefined: done) in place of throwing.
   * Only the last request asks for an acknowledgement: errors are sent unasked, and in order.
   */
  attempt(requests: readonly Request[]): Failures {
    return this.#ask(requests) as Failures;
  }

  /** Like attempt, with a question between the changes `before` and those `after`. Throws when that is refused. */
  attemptAround<O, A>(
    before: readonly Request[],
    question: Question<O, A>,
    object: O,
    after: readonly Request[],
  ): Attempted<A> {
    const outcome = this.#ask([...before, { form: question as Question<unknown, A>, object }, ...after]);
    const [answer] = outcome.splice(before.length, 1);
    if (answer instanceof NetlinkError) throw answer;
    return { failures: outcome as Failures, answer: answer as A | undefined };
  }

  /** The answer about one object; undefined when there is none. Throws NetlinkError. */
  get<O, A>(question: Question<O, A>, object: O): A | undefined {
    const exchange = this.begin();
    exchange.add(question, object, 0);
    exchange.send();
    const message = exchange.next();
    if (message.type !== NLMSG_ERROR) return question.read(message, object);
    const { errno, text } = readAck(message);
    if (errno === question.absent) return undefined;
    throw new NetlinkError(question.text(object), errno, text);
  }

  /** The answers about several, asked in one datagram. */
  getAll<O, A>(question: Question<O, A>, objects: readonly O[]): (A | undefined)[] {
    const form = question as Question<unknown, A>;
    const outcome = this.#ask(objects.map((object) => ({ form, object })));
    for (const answer of outcome) if (answer instanceof NetlinkError) throw answer;
    return outcome as (A | undefined)[];
  }

  #ask(asked: readonly Asked[]): Outcome[] {
    if (asked.length <= SERIES) return this.#askSeries(asked);
    const outcome: Outcome[] = [];
    for (let at = 0; at < asked.length; at += SERIES) outcome.push(...this.#askSeries(asked.slice(at, at + SERIES)));
    return outcome;
  }

  #askSeries(asked: readonly Asked[]): Outcome[] {
    const outcome = new Array<Outcome>(asked.length);
    const refused = this.told && new Set<number>();
    const last = asked.length - 1;
    if (last < 0) return outcome;
    const exchange = this.begin();
    for (let i = 0; i <= last; i++) {
      const { form, object } = asked[i] as Asked;
      exchange.add(form, object, i === last && !form.read ? NLM_F_ACK : 0);
    }
    exchange.send();
    for (;;) {
      const message = exchange.next();
      const place = exchange.placeOf(message);
      const one = asked[place] as Asked;
      if (message.type === NLMSG_ERROR) {
        const { errno, text } = readAck(message);
        if (errno) outcome[place] = refusal(one, errno, text);
        if (errno) refused?.add(place);
      } else if (one.form.read) outcome[place] = one.form.read(message, one.object);
      else continue;
      if (place !== last) continue;
      if (this.told && refused) tellOf(asked, refused, this.told);
      return outcome;
    }
  }

  /**
   * The list that answers a question; empty also when there is nothing that it could be of. One that the kernel says was
   * interrupted by a change is asked for again, and at last fails with EINTR. Throws NetlinkError.
   */
  dump<O, A>(question: Question<O, A>, object: O): A[] {
    for (let left = DUMPS; left > 0; left--) {
      const found = this.#dumpOnce(question, object);
      if (found) return found;
    }
    throw new NetlinkError(question.text(object), EINTR, "the list kept changing while it was read");
  }

  #dumpOnce<O, A>(question: Question<O, A>, object: O): A[] | undefined {
    const exchange = this.begin();
    exchange.add(question, object, NLM_F_DUMP);
    exchange.send();
    const found: A[] = [];
    let interrupted = false;
    for (;;) {
      const message = exchange.next();
      if (message.flags & NLM_F_DUMP_INTR) interrupted = true;
      if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) {
        const { errno, text } = message.body.left >= 4 ? readAck(message) : { errno: 0, text: undefined };
        if (errno && errno === question.absent) return [];
        // Before the end of a dump a socket gets no other.
        if (errno === EBUSY) exchange.endOpenDump();
        else if (errno && errno !== EINTR) throw new NetlinkError(question.text(object), errno, text);
        return interrupted || errno ? undefined : found;
      }
      found.push(question.read(message, object));
      if (!(message.flags & NLM_F_MULTI)) return found;
    }
  }
}

function isChange(asked: Asked): asked is Request {
  return asked.form.read === undefined;
}

/** Tells of the changes that were done: where a refusal is tolerated, nothing was. */
function tellOf(asked: readonly Asked[], refused: ReadonlySet<number>, told: (command: string) => void): void {
  asked.forEach((one, i) => {
    if (isChange(one) && !refused.has(i)) for (const command of commandsOf(one)) told(command);
  });
}

/** What a refusal means for what was asked; undefined where that tolerates it. */
function refusal(asked: Asked, errno: number, text: string | undefined): NetlinkError | undefined {
  const { form, object } = asked;
  if (form.read ? errno === form.absent : isTolerated(asked as Request, errno)) return undefined;
  return new NetlinkError(form.text(object), errno, text);
}

function isTolerated({ tolerate, tolerated }: Request, errno: number): boolean {
  if (!tolerate?.includes(errno)) return false;
  tolerated?.();
  return true;
}
