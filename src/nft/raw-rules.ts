import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { u32At, wordsOf } from "../wire/cursor.ts";
import { Messages } from "../wire/message.ts";
import { type ChainRef, type FoundRule, RULES, readRule } from "./find.ts";
import { NFT_NEWRULE } from "./tables.ts";

const SHOW_DATAGRAMS: Question<ChainRef, Uint8Array> = { ...RULES, read: ({ body }) => body.buf };

/** The rules of a chain as they came, of which few are wanted: to read one takes 10 us, to look for four bytes nothing. */
export class RawRules {
  readonly #datagrams: readonly Uint8Array[];

  private constructor(datagrams: readonly Uint8Array[]) {
    this.#datagrams = datagrams;
  }

  /** Those of a chain; none where there is no such chain. Throws NetlinkError. */
  static list(client: Client, chain: ChainRef): RawRules {
    return new RawRules([...new Set(client.dump(SHOW_DATAGRAMS, chain))]);
  }

  /**
   * In order, the rules in which one of the words (wordAt) stands where an attribute's value may have it: at a multiple of four
   * bytes. They are read as they are asked for. @throws DecodeError
   */
  *with(words: readonly number[]): Generator<FoundRule, undefined> {
    const messages = new Messages();
    for (const datagram of this.#datagrams) {
      const places = placesOf(wordsOf(datagram), words);
      let [next = Number.POSITIVE_INFINITY, ...later] = places;
      messages.open(datagram);
      while (next < datagram.length && messages.next()) {
        const { end } = messages.body;
        if (next >= end) continue;
        if (messages.type === NFT_NEWRULE) yield readRule(messages);
        // Who asks may have read other datagrams meanwhile, but not gone on in this one.
        [next = Number.POSITIVE_INFINITY, ...later] = later.filter((place) => place >= end);
      }
    }
  }
}

/** Where the words are, in bytes, in order. */
function placesOf(all: Int32Array, words: readonly number[]): number[] {
  const places: number[] = [];
  for (const word of new Set(words)) {
    for (let at = all.indexOf(word); at >= 0; at = all.indexOf(word, at + 1)) places.push(4 * at);
  }
  return places.sort((a, b) => a - b);
}

/** Four bytes as a word to look for: of a text what is at a multiple of four. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return u32At(bytes, at) | 0;
}
