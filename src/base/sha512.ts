import { encodeUtf8 } from "./utf8.ts";

/**
 * SHA-512 (FIPS 180-4) of the UTF-8 bytes of `text`, as 128 lower-case hex digits.
 * 64-bit words are pairs of 32-bit halves: engines without a JIT do those several times faster than BigInt.
 */
export function sha512(text: string): string {
  const message = padded(encodeUtf8(text));
  const state = START.slice();
  const schedule = new Int32Array(160);
  for (let at = 0; at < message.length; at += 128) {
    expand(schedule, message, at);
    compress(state, schedule);
  }
  let hex = "";
  for (const word of state) hex += (word >>> 0).toString(16).padStart(8, "0");
  return hex;
}

/** The message with its 1 bit, zeros, and its length in bits at the end. */
function padded(bytes: Uint8Array): Uint8Array {
  const size = Math.ceil((bytes.length + 17) / 128) * 128;
  const out = new Uint8Array(size);
  out.set(bytes);
  out[bytes.length] = 0x80;
  new DataView(out.buffer).setUint32(size - 4, bytes.length * 8);
  return out;
}

/** Hex digits as 32-bit halves, high half first. */
function words(hex: string): Int32Array {
  const out = new Int32Array(hex.length / 8);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(hex.slice(8 * i, 8 * i + 8), 16);
  return out;
}

/** The message schedule W of one block: sixteen words of input, then sigma-mixed ones. */
function expand(w: Int32Array, message: Uint8Array, at: number): void {
  const view = new DataView(message.buffer, at, 128);
  for (let i = 0; i < 32; i++) w[i] = view.getInt32(4 * i);
  for (let i = 32; i < 160; i += 2) {
    const h15 = w[i - 30] as number;
    const l15 = w[i - 29] as number;
    const h2 = w[i - 4] as number;
    const l2 = w[i - 3] as number;
    const s0h = ((h15 >>> 1) | (l15 << 31)) ^ ((h15 >>> 8) | (l15 << 24)) ^ (h15 >>> 7);
    const s0l = ((l15 >>> 1) | (h15 << 31)) ^ ((l15 >>> 8) | (h15 << 24)) ^ ((l15 >>> 7) | (h15 << 25));
    const s1h = ((h2 >>> 19) | (l2 << 13)) ^ ((h2 << 3) | (l2 >>> 29)) ^ (h2 >>> 6);
    const s1l = ((l2 >>> 19) | (h2 << 13)) ^ ((l2 << 3) | (h2 >>> 29)) ^ ((l2 >>> 6) | (h2 << 26));
    const low = (s0l >>> 0) + (s1l >>> 0) + ((w[i - 31] as number) >>> 0) + ((w[i - 13] as number) >>> 0);
    w[i + 1] = low;
    w[i] = s0h + s1h + (w[i - 32] as number) + (w[i - 14] as number) + ((low / 0x100000000) | 0);
  }
}

/** Eighty rounds over one block. */
function compress(state: Int32Array, w: Int32Array): void {
  const k = ROUNDS;
  let [ah, al, bh, bl, ch, cl, dh, dl, eh, el, fh, fl, gh, gl, hh, hl] = state as unknown as number[] as Sixteen;
  for (let i = 0; i < 160; i += 2) {
    const s1h = ((eh >>> 14) | (el << 18)) ^ ((eh >>> 18) | (el << 14)) ^ ((eh << 23) | (el >>> 9));
    const s1l = ((el >>> 14) | (eh << 18)) ^ ((el >>> 18) | (eh << 14)) ^ ((el << 23) | (eh >>> 9));
    const chh = (eh & fh) ^ (~eh & gh);
    const chl = (el & fl) ^ (~el & gl);
    const low1 = (hl >>> 0) + (s1l >>> 0) + (chl >>> 0) + ((k[i + 1] as number) >>> 0) + ((w[i + 1] as number) >>> 0);
    const t1h = (hh + s1h + chh + (k[i] as number) + (w[i] as number) + ((low1 / 0x100000000) | 0)) | 0;
    const t1l = low1 | 0;
    const s0h = ((ah >>> 28) | (al << 4)) ^ ((ah << 30) | (al >>> 2)) ^ ((ah << 25) | (al >>> 7));
    const s0l = ((al >>> 28) | (ah << 4)) ^ ((al << 30) | (ah >>> 2)) ^ ((al << 25) | (ah >>> 7));
    const majh = (ah & bh) ^ (ah & ch) ^ (bh & ch);
    const majl = (al & bl) ^ (al & cl) ^ (bl & cl);
    const low2 = (s0l >>> 0) + (majl >>> 0);
    const t2h = s0h + majh + ((low2 / 0x100000000) | 0);
    hh = gh;
    hl = gl;
    gh = fh;
    gl = fl;
    fh = eh;
    fl = el;
    el = ((dl >>> 0) + (t1l >>> 0)) | 0;
    eh = (dh + t1h + ((dl >>> 0) + (t1l >>> 0) > 0xffffffff ? 1 : 0)) | 0;
    dh = ch;
    dl = cl;
    ch = bh;
    cl = bl;
    bh = ah;
    bl = al;
    const low3 = (t1l >>> 0) + (low2 >>> 0);
    al = low3 | 0;
    ah = (t1h + t2h + (low3 > 0xffffffff ? 1 : 0)) | 0;
  }
  add(state, [ah, al, bh, bl, ch, cl, dh, dl, eh, el, fh, fl, gh, gl, hh, hl]);
}

type N = number;
type Sixteen = [N, N, N, N, N, N, N, N, N, N, N, N, N, N, N, N];

function add(state: Int32Array, block: Sixteen): void {
  for (let i = 0; i < 16; i += 2) {
    const low = ((state[i + 1] as number) >>> 0) + ((block[i + 1] as number) >>> 0);
    state[i + 1] = low;
    state[i] = (state[i] as number) + (block[i] as number) + (low > 0xffffffff ? 1 : 0);
  }
}

/** First 64 bits of the fractions of the square roots of the first 8 primes. */
const INITIAL =
  "6a09e667f3bcc908bb67ae8584caa73b3c6ef372fe94f82ba54ff53a5f1d36f1" +
  "510e527fade682d19b05688c2b3e6c1f1f83d9abfb41bd6b5be0cd19137e2179";

/** First 64 bits of the fractions of the cube roots of the first 80 primes. */
const CONSTANTS =
  "428a2f98d728ae227137449123ef65cdb5c0fbcfec4d3b2fe9b5dba58189dbbc3956c25bf348b538" +
  "59f111f1b605d019923f82a4af194f9bab1c5ed5da6d8118d807aa98a303024212835b0145706fbe" +
  "243185be4ee4b28c550c7dc3d5ffb4e272be5d74f27b896f80deb1fe3b1696b19bdc06a725c71235" +
  "c19bf174cf692694e49b69c19ef14ad2efbe4786384f25e30fc19dc68b8cd5b5240ca1cc77ac9c65" +
  "2de92c6f592b02754a7484aa6ea6e4835cb0a9dcbd41fbd476f988da831153b5983e5152ee66dfab" +
  "a831c66d2db43210b00327c898fb213fbf597fc7beef0ee4c6e00bf33da88fc2d5a79147930aa725" +
  "06ca6351e003826f142929670a0e6e7027b70a8546d22ffc2e1b21385c26c9264d2c6dfc5ac42aed" +
  "53380d139d95b3df650a73548baf63de766a0abb3c77b2a881c2c92e47edaee692722c851482353b" +
  "a2bfe8a14cf10364a81a664bbc423001c24b8b70d0f89791c76c51a30654be30d192e819d6ef5218" +
  "d69906245565a910f40e35855771202a106aa07032bbd1b819a4c116b8d2d0c81e376c085141ab53" +
  "2748774cdf8eeb9934b0bcb5e19b48a8391c0cb3c5c95a634ed8aa4ae3418acb5b9cca4f7763e373" +
  "682e6ff3d6b2b8a3748f82ee5defb2fc78a5636f43172f6084c87814a1f0ab728cc702081a6439ec" +
  "90befffa23631e28a4506cebde82bde9bef9a3f7b2c67915c67178f2e372532bca273eceea26619c" +
  "d186b8c721c0c207eada7dd6cde0eb1ef57d4f7fee6ed17806f067aa72176fba0a637dc5a2c898a6" +
  "113f9804bef90dae1b710b35131c471b28db77f523047d8432caab7b40c724933c9ebe0a15c9bebc" +
  "431d67c49c100d4c4cc5d4becb3e42b6597f299cfc657e2a5fcb6fab3ad6faec6c44198c4a475817";

/** Both as numbers, made when the module is loaded. */
const START = words(INITIAL);
const ROUNDS = words(CONSTANTS);
