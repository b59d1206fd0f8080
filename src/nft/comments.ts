import { decodeUtf8, encodeUtf8 } from "../base/utf8.ts";

/**
 * Comments ride in the userdata of an object: type, length and value of one byte, one byte and so many bytes, as
 * libnftnl writes them (libnftnl/udata.h). The kernel does not look at it.
 */

/** NFTNL_UDATA_{TABLE,CHAIN,RULE,SET_ELEM}_COMMENT. */
const COMMENT = 0;
/** NFTNL_UDATA_SET_KEYBYTEORDER and NFTNL_UDATA_SET_COMMENT. */
const KEY_ORDER = 0;
const DATA_ORDER = 1;
const SET_COMMENT = 7;

/** What nft accepts in a comment (NFTNL_UDATA_COMMENT_MAXLEN), in bytes without the NUL. */
export const COMMENT_MAX = 128;

/** The userdata of a table, chain, rule or element with a comment. */
export function commentData(comment: string): Uint8Array {
  return field(COMMENT, text(comment));
}

/**
 * The userdata of a set: the byte order of its keys (without which nft prints numbers wrongly; 0 for a concatenation, whose
 * parts tell it), of a map that of its data, and a comment.
 */
export function setData(order: number, comment: string | undefined, dataOrder?: number): Uint8Array {
  const head = field(KEY_ORDER, Uint8Array.of(order, 0, 0, 0));
  if (comment === undefined && dataOrder === undefined) return head;
  const data = dataOrder === undefined ? [] : field(DATA_ORDER, Uint8Array.of(dataOrder, 0, 0, 0));
  return Uint8Array.from([...head, ...data, ...(comment === undefined ? [] : field(SET_COMMENT, text(comment)))]);
}

/** The comment in the userdata of a table, chain, rule or element; undefined when there is none. */
export function commentOf(userdata: Uint8Array | undefined): string | undefined {
  return find(userdata, COMMENT);
}

/** The comment in the userdata of a set; undefined when there is none. */
export function setCommentOf(userdata: Uint8Array | undefined): string | undefined {
  return find(userdata, SET_COMMENT);
}

/** `text` as a comment can hold it: without double quotes, for which nft has no escape, and cut between characters. */
export function fitComment(text: string): string {
  const plain = text.replaceAll('"', "");
  const bytes = encodeUtf8(plain);
  if (bytes.length <= COMMENT_MAX) return plain;
  let end = COMMENT_MAX;
  while (isContinuation(bytes[end])) end--;
  return decodeUtf8(bytes.subarray(0, end));
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function text(comment: string): Uint8Array {
  return encodeUtf8(`${fitComment(comment)}\0`);
}

function field(type: number, value: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 + value.length);
  out[0] = type;
  out[1] = value.length;
  out.set(value, 2);
  return out;
}

/** Userdata is anybody's: a length that lies ends the search. */
function find(userdata: Uint8Array | undefined, wanted: number): string | undefined {
  for (let at = 0; userdata && at + 2 <= userdata.length; ) {
    const value = userdata.subarray(at + 2, at + 2 + (userdata[at + 1] ?? 0));
    if (userdata[at] === wanted) return decodeUtf8(value[value.length - 1] === 0 ? value.subarray(0, -1) : value);
    at += 2 + (userdata[at + 1] ?? 0);
  }
  return undefined;
}
