import { Writer } from "../wire/cursor.ts";
import { type Message, NLM_F_REQUEST, NLMSG_DONE, readMessages, writeMessage } from "../wire/message.ts";
import type { Wire } from "./request.ts";
import type { Socket } from "./socket.ts";

/** An observer of all traffic: BERTH_TRACE. */
export type Tap = (direction: ">" | "<", datagram: Uint8Array) => void;

/** How long the rest of an open dump is waited for: it comes at once, as it is asked for. */
const END_MS = 1000;

/**
 * Messages to the kernel in one datagram, numbered one after the other, and what it says of each: the only loop that
 * receives answers. First all are added, then sent, then the answers read, as many as the caller knows to come.
 */
export class Exchange {
  readonly #socket: Socket;
  readonly #tap: Tap | undefined;
  readonly #first: number;
  readonly #w = new Writer();
  #end: number;
  #received: readonly Message[] = [];
  #at = 0;

  /** `first` is the sequence number of its first message. */
  constructor(socket: Socket, tap: Tap | undefined, first: number) {
    this.#socket = socket;
    this.#tap = tap;
    this.#first = first;
    this.#end = first;
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

  /** The next message about one of those sent. What else comes (notifications, late answers) is passed over. */
  next(): Message {
    for (;;) {
      while (this.#at < this.#received.length) {
        const message = this.#received[this.#at++] as Message;
        if (message.seq >= this.#first && message.seq < this.#end) return message;
      }
      this.#received = this.#receive();
      this.#at = 0;
    }
  }

  /** Which of the messages sent another is about: 0 is the first. */
  placeOf(message: Message): number {
    return message.seq - this.#first;
  }

  /** Reads a dump of before to its end, which a signal made its caller leave in the middle. EAGAIN when there is none. */
  endOpenDump(): void {
    while (!this.#receive(END_MS).some(({ type }) => type === NLMSG_DONE));
  }

  #receive(timeout?: number): Message[] {
    const datagram = this.#socket.receive(timeout);
    this.#tap?.("<", datagram);
    return readMessages(datagram);
  }
}
