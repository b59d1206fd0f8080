import { attrs } from "./attrs.ts";
import { cstr, u32 } from "./coder.ts";
import { DecodeError, Reader, u16At, u32At, type Writer } from "./cursor.ts";

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
  type: number;
  flags: number;
  seq: number;
  body: Reader;
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
  const start = w.zero(16);
  w.patch32(start + 4, type | (flags << 16));
  w.patch32(start + 8, seq);
  write(w, object);
  w.patch32(start, w.at - start);
  w.align(start);
}

/** The messages of one datagram. Throws DecodeError when a header lies about its length. */
export function readMessages(datagram: Uint8Array): Message[] {
  const messages: Message[] = [];
  const end = datagram.length;
  let at = 0;
  while (end - at >= 16) {
    const length = u32At(datagram, at);
    if (length < 16) throw new DecodeError(`netlink message of length ${length}`);
    if (length > end - at) throw new DecodeError(`wanted ${length - 16} bytes, ${end - at - 16} left`);
    messages.push({
      type: u16At(datagram, at + 4),
      flags: u16At(datagram, at + 6),
      seq: u32At(datagram, at + 8),
      body: new Reader(datagram, at + 16, at + length),
    });
    at += Math.min((length + 3) & ~3, end - at);
  }
  if (at < end) throw new DecodeError(`${end - at} bytes after the last netlink message`);
  return messages;
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
