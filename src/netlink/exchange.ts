import { Writer } from "../wire/cursor.ts";
import { type Message, Messages, NLM_F_REQUEST, NLMSG_DONE, writeMessage } from "../wire/message.ts";
import type { Wire } from "./request.ts";
import type { Socket } from "./socket.ts";

/** An observer of all traffic: BERTH_TRACE. */
export type Tap = (direction: ">" | "<", datagram: Uint8Array) => void;

/** How long the rest of an open dump is waited for: it comes at once, as it is asked for. */
const END_MS = 1000;

/** Numbers have 32 bits; beyond this they begin again, so that those of one datagram are consecutive. */
const LAST = 0xffff0000;

/**
 * Messages to the kernel in one datagram, numbered one after the other, and what it says of each: the only loop that
 * receives answers. First all are added, then sent, then the answers read, as many as the caller knows to come. A client
 * has one, and begins it anew each time: what was not read by then is passed over.
 */
export class Exchange {
  readonly #socket: Socket;
  readonly #tap: Tap | undefined;
  readonly #w = new Writer();
  /** The sequence numbers of the first message, and of the one that would be next. */
  #first: number;
  #end: number;
  readonly #received = new Messages();

  /** `first` is the number of its first message; not 0, which notifications have. */
  constructor(socket: Socket, tap?: Tap, first = 1) {
    this.#socket = socket;
    this.#tap = tap;
    this.#first = first;
    this.#end = first;
  }

  /** Begins anew. What has not been sent or read is dropped. */
  begin(): void {
    this.#first = this.#end > LAST ? 1 : this.#end;
    this.#end = this.#first;
    this.#w.reset();
    this.#received.drop();
  }

  /** Adds a message, with `flags` besides the form's. */
  add<O>(form: Wire<O>, object: O, flags: number): void {
    writeMessage(this.#w, form.type, NLM_F_REQUEST | form.flags | flags, this.#end, form.write, object);
    this.#end++;
  }

  send(): void {
    const datagram = this.#w.finish();
    this.#tap?.(">", datagram);
    this.#socket.send(datagram);
  }

  /**
   * The next message about one of those sent, until the one after it is asked for. What else comes (notifications, late
   * answers) is passed over.
   */
  next(): Message {
    const message = this.#received;
    for (;;) {
      while (message.next()) if (message.seq >= this.#first && message.seq < this.#end) return message;
      this.#receive();
    }
  }

  /** Which of the messages sent another is about: 0 is the first. */
  placeOf(message: Message): number {
    return message.seq - this.#first;
  }

  /** Reads a dump of before to its end, which a signal made its caller leave in the middle. EAGAIN when there is none. */
  endOpenDump(): void {
    const message = this.#received;
    for (;;) {
      if (!message.next()) this.#receive(END_MS);
      else if (message.type === NLMSG_DONE) return;
    }
  }

  #receive(timeout?: number): void {
    const datagram = this.#socket.receive(timeout);
    this.#tap?.("<", datagram);
    this.#received.open(datagram);
  }
}
