import { attrs } from "./attrs.ts";
import { cstr, u32 } from "./coder.ts";
import { DecodeError, NOTHING, Reader, type Writer, wordsOf } from "./cursor.ts";

/** Flags of a netlink message (linux/netlink.h). */
export const NLM_F_REQUEST = 0x1;
export const NLM_F_MULTI = 0x2;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_ROOT = 0x100;
export const NLM_F_MATCH = 0x200;
export const NLM_F_DUMP = NLM_F_ROOT | NLM_F_MATCH;
export const NLM_F_REPLACE = 0x100;
/** Of a deletion: do not delete recursively. */
export const NLM_F_NONREC = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;

/** Control message types. */
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

/** One received message: its header and a reader of its body. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly body: Reader;
}

/** Appends one message: struct nlmsghdr, then what `write` makes of `object`, padded to 4 bytes. */
export function writeMessage<O>(
  w: Writer,
  type: number,
  flags: number,
  seq: number,
  write: (w: Writer, object: O) => void,
  object: O,
): void {
  const start = w.words(0, type | (flags << 16), seq, 0);
  write(w, object);
  w.patch32(start, w.at - start);
  w.align(start);
}

/** Goes through the messages of datagrams. It is itself the message that it has come to. */
export class Messages implements Message {
  type = 0;
  flags = 0;
  seq = 0;
  readonly body = new Reader(NOTHING);
  #words = wordsOf(NOTHING);
  #at = 0;
  #end = 0;

  /** Comes before the first message of a datagram. */
  open(datagram: Uint8Array): void {
    this.body.buf = datagram;
    this.#words = wordsOf(datagram);
    this.#at = 0;
    this.#end = datagram.length;
  }

  /** Leaves out what comes after this message. */
  drop(): void {
    this.#at = this.#end;
  }

  /** Goes on to the next message; false when there is none. Throws DecodeError when a header lies about its length. */
  next(): boolean {
    const at = this.#at;
    const left = this.#end - at;
    if (left < 16) {
      if (left > 0) throw new DecodeError(`${left} bytes after the last netlink message`);
      return false;
    }
    const words = this.#words;
    const word = at >> 2;
    const length = (words[word] as number) >>> 0;
    if (length < 16) throw new DecodeError(`netlink message of length ${length}`);
    if (length > left) throw new DecodeError(`wanted ${length - 16} bytes, ${left - 16} left`);
    const kind = words[word + 1] as number;
    this.type = kind & 0xffff;
    this.flags = kind >>> 16;
    this.seq = (words[word + 2] as number) >>> 0;
    this.body.at = at + 16;
    this.body.end = at + length;
    this.#at = at + Math.min((length + 3) & ~3, left);
    return true;
  }
}

/** All messages of one datagram, to keep. Throws DecodeError as `Messages`. */
export function readMessages(datagram: Uint8Array): Message[] {
  const found: Message[] = [];
  const messages = new Messages();
  messages.open(datagram);
  while (messages.next()) {
    const { type, flags, seq, body } = messages;
    found.push({ type, flags, seq, body: new Reader(body.buf, body.at, body.end) });
  }
  return found;
}

/** The kernel's own explanation of an error: enum nlmsgerr_attrs. */
const extAck = attrs({
  message: [1, cstr],
  offset: [2, u32],
  missing: [6, u32],
});

/** What an NLMSG_ERROR or NLMSG_DONE says. `errno` 0 is success. */
export interface Ack {
  errno: number;
  /** The kernel's text (NLMSGERR_ATTR_MSG), if it gave one. */
  text?: string;
}

/** Decodes struct nlmsgerr with its extended attributes. */
export function readAck(message: Message): Ack {
  const { body } = message;
  const errno = -body.i32() || 0;
  if (message.type === NLMSG_ERROR) {
    const length = body.u32();
    body.skip(12);
    if (!(message.flags & NLM_F_CAPPED)) body.skip(Math.min(body.left, ((length + 3) & ~3) - 16));
  }
  if (!(message.flags & NLM_F_ACK_TLVS) || body.left < 4) return { errno };
  const text = extAck.decode(body).message;
  return text === undefined ? { errno } : { errno, text };
}
