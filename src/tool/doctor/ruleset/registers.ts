import type { Known } from "./packet.ts";

/** The registers of nf_tables' machine, each byte known or not. By NFT_REG_1 to 4, of 16 bytes, and NFT_REG32_00 and on, of 4. */
export class Registers {
  readonly #bytes = new Uint8Array(64);
  readonly #known = new Array<boolean>(64).fill(false);

  /** Of a value that is not known, undefined. */
  load(register: number, value: Known | Uint8Array | undefined, length: number): void {
    const at = placeOf(register);
    this.#known.fill(false, at, at + Math.max(4, length));
    if (value === undefined) return;
    const { bytes, isKnown } = value instanceof Uint8Array ? { bytes: value, isKnown: undefined } : value;
    for (let i = 0; i < length; i++) {
      this.#bytes[at + i] = bytes[i] ?? 0;
      this.#known[at + i] = i < bytes.length && (isKnown?.[i] ?? true);
    }
  }

  /** Undefined unless all of it is known. */
  read(register: number, length: number): Uint8Array | undefined {
    const at = placeOf(register);
    for (let i = at; i < at + length; i++) if (!this.#known[i]) return undefined;
    return this.#bytes.slice(at, at + length);
  }

  /** `(value & mask) ^ xor`; known where the mask leaves nothing of what is not. */
  mask(from: number, to: number, mask: Uint8Array, xor: Uint8Array): void {
    const source = placeOf(from);
    const bytes = mask.map((bits, i) => ((this.#bytes[source + i] ?? 0) & bits) ^ (xor[i] ?? 0));
    const isKnown = Array.from(mask, (bits, i) => bits === 0 || this.#known[source + i] === true);
    this.load(to, { bytes, isKnown }, mask.length);
  }
}

const FIRST_OF_4 = 8;

function placeOf(register: number): number {
  return register >= FIRST_OF_4 ? (register - FIRST_OF_4) * 4 : (register - 1) * 16;
}
