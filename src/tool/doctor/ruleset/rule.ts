import { compareIp, type Ip } from "../../../base/ip.ts";
import { encodeUtf8 } from "../../../base/utf8.ts";
import {
  CT_STATUS,
  EQ,
  type Expr,
  FIB_ADDRTYPE,
  FIB_DADDR,
  GTE,
  IIFNAME,
  L4PROTO,
  LTE,
  NAT_DNAT,
  NEQ,
  NETWORK_HEADER,
  NF_ACCEPT,
  NF_DROP,
  NFT_GOTO,
  NFT_JUMP,
  NFT_RETURN,
  OIFNAME,
  REG_VERDICT,
  RTN_LOCAL,
  TRANSPORT_HEADER,
} from "../../../nft/expr.ts";
import { type Known, networkHeader, type Packet, transportHeader } from "./packet.ts";
import { Registers } from "./registers.ts";
import { type Answer, type XtTarget, xtMatches, xtTargetOf } from "./xt.ts";

/** What a rule does to a packet that it matches. */
export type Action =
  | { readonly does: "nothing" | "accept" | "drop" | "return" | "masquerade" }
  | { readonly does: "jump" | "goto"; readonly chain: string }
  | { readonly does: "dnat" | "snat"; readonly to: XtTarget["to"] };

/** What a rule says of a packet: `matches` undefined where it asks what is not known here. */
export interface Opinion {
  readonly matches: Answer;
  readonly action: Action;
}

const NFPROTO = 15;
/** enum nft_ct_keys. */
export const CT_STATE = 0;
const RTN_UNICAST = 1;
const LT = 2;

/** What passes on whatever packet. */
const TRANSPARENT = ["counter", "log", "notrack", "last"];

const NOTHING: Action = { does: "nothing" };

/** What a rule's expressions say of a packet, one after the other, until one does not match. */
export function opinionOf(exprs: readonly Expr[], packet: Packet): Opinion {
  const registers = new Registers();
  let matches: Answer = true;
  let action: Action = NOTHING;
  for (const expr of exprs) {
    const answer = answerOf(expr, registers, packet);
    if (answer === false) return { matches: false, action: NOTHING };
    if (answer === undefined) matches = undefined;
    action = actionOf(expr, registers, packet) ?? action;
  }
  return { matches, action };
}

/** Whether the packet gets past an expression. */
function answerOf(expr: Expr, registers: Registers, packet: Packet): Answer {
  switch (expr.name) {
    case "cmp":
      return compares(registers, expr.data);
    case "range":
      return isInRange(registers, expr.data);
    case "lookup":
      if (expr.data.dreg !== undefined) registers.load(expr.data.dreg, undefined, 16);
      return undefined;
    case "foreign":
      return foreignAnswer(expr, packet);
    default:
      loadInto(registers, expr, packet);
      return true;
  }
}

function foreignAnswer(expr: Expr & { name: "foreign" }, packet: Packet): Answer {
  if (TRANSPARENT.includes(expr.kind) || expr.kind === "target" || expr.kind === "reject" || expr.kind === "redir")
    return true;
  return expr.kind === "match" ? xtMatches(expr, packet) : undefined;
}

/** What an expression puts into a register. */
function loadInto(registers: Registers, expr: Expr, packet: Packet): void {
  if (expr.name === "payload") {
    const { base, offset = 0, length = 0, dreg = 1 } = expr.data;
    const header =
      base === NETWORK_HEADER ? networkHeader(packet) : base === TRANSPORT_HEADER ? transportHeader(packet) : undefined;
    registers.load(dreg, header && part(header, offset, length), length);
  } else if (expr.name === "meta" && expr.data.dreg !== undefined) {
    const value = metaOf(expr.data.key, packet);
    registers.load(expr.data.dreg, value, value?.length ?? 16);
  } else if (expr.name === "ct" && expr.data.dreg !== undefined) {
    const value = expr.data.key === CT_STATE ? packet.state : expr.data.key === CT_STATUS ? 0 : undefined;
    registers.load(expr.data.dreg, value === undefined ? undefined : word(value), value === undefined ? 16 : 4);
  } else if (expr.name === "fib" && expr.data.dreg !== undefined) {
    const isAsked = expr.data.flags === FIB_DADDR && expr.data.result === FIB_ADDRTYPE;
    registers.load(expr.data.dreg, isAsked ? word(packet.isLocal ? RTN_LOCAL : RTN_UNICAST) : undefined, 4);
  } else if (expr.name === "bitwise") {
    const { sreg = 1, dreg = 1, length = 0, mask, xor } = expr.data;
    if (mask?.value && xor?.value) registers.mask(sreg, dreg, mask.value, xor.value);
    else registers.load(dreg, undefined, length);
  } else if (expr.name === "immediate" && expr.data.dreg !== REG_VERDICT && expr.data.dreg !== undefined) {
    registers.load(expr.data.dreg, expr.data.data?.value, expr.data.data?.value?.length ?? 16);
  }
}

function part({ bytes, isKnown }: Known, offset: number, length: number): Known {
  return { bytes: bytes.slice(offset, offset + length), isKnown: isKnown.slice(offset, offset + length) };
}

function metaOf(key: number | undefined, { iif, oif, protocol, from }: Packet): Uint8Array | undefined {
  if (key === IIFNAME) return ifname(iif);
  if (key === OIFNAME) return ifname(oif);
  if (key === L4PROTO) return Uint8Array.of(protocol);
  return key === NFPROTO ? Uint8Array.of(from.length === 4 ? 2 : 10) : undefined;
}

function ifname(name: string): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(encodeUtf8(name));
  return bytes;
}

const word = (value: number) => Uint8Array.of(value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24);

/** What expr.ts has of `cmp` and `range`. */
type Compared = Extract<Expr, { name: "cmp" }>["data"];
type Ranged = Extract<Expr, { name: "range" }>["data"];

function compares(registers: Registers, { sreg = 1, op, data }: Compared): Answer {
  const wanted = data?.value;
  const found = wanted && registers.read(sreg, wanted.length);
  if (!wanted || !found) return undefined;
  const order = compareBytes(found, wanted);
  if (op === EQ) return order === 0;
  if (op === NEQ) return order !== 0;
  if (op === LTE) return order <= 0;
  if (op === GTE) return order >= 0;
  return op === LT ? order < 0 : order > 0;
}

function isInRange(registers: Registers, { sreg = 1, op, from, to }: Ranged): Answer {
  const low = from?.value;
  const high = to?.value;
  const found = low && registers.read(sreg, low.length);
  if (!low || !high || !found) return undefined;
  const isInside = compareBytes(found, low) >= 0 && compareBytes(found, high) <= 0;
  return op === NEQ ? !isInside : isInside;
}

/** Of the same length. */
const compareBytes = (a: Uint8Array, b: Uint8Array): number => compareIp(a, b);

/** What an expression decides; undefined: nothing. */
function actionOf(expr: Expr, registers: Registers, packet: Packet): Action | undefined {
  if (expr.name === "immediate" && expr.data.dreg === REG_VERDICT) return verdictOf(expr.data.data?.verdict);
  if (expr.name === "masq") return { does: "masquerade" };
  if (expr.name === "nat") return translationOf(expr.data, registers, packet);
  if (expr.name !== "foreign") return undefined;
  if (expr.kind === "reject") return { does: "drop" };
  if (expr.kind === "redir") return { does: "dnat", to: undefined };
  return expr.kind === "target" ? targetAction(xtTargetOf(expr, packet.from.length === 4 ? 4 : 6)) : undefined;
}

function verdictOf({ code, chain = "" }: { code?: number | undefined; chain?: string | undefined } = {}): Action {
  if (code === NF_ACCEPT) return { does: "accept" };
  if (code === NF_DROP) return { does: "drop" };
  if (code === NFT_RETURN) return { does: "return" };
  if (code === NFT_JUMP) return { does: "jump", chain };
  return code === NFT_GOTO ? { does: "goto", chain } : NOTHING;
}

function translationOf(
  { type, addrMin, protoMin }: Extract<Expr, { name: "nat" }>["data"],
  registers: Registers,
  { from }: Packet,
): Action {
  const ip: Ip | undefined = addrMin === undefined ? undefined : registers.read(addrMin, from.length);
  const port = protoMin === undefined ? undefined : registers.read(protoMin, 2);
  const to = ip && { ip, port: port && ((port[0] ?? 0) << 8) + (port[1] ?? 0) };
  return { does: type === NAT_DNAT ? "dnat" : "snat", to };
}

function targetAction({ name, to }: XtTarget): Action {
  if (name === "DNAT") return { does: "dnat", to };
  if (name === "REDIRECT") return { does: "dnat", to: undefined };
  if (name === "SNAT") return { does: "snat", to };
  if (name === "MASQUERADE") return { does: "masquerade" };
  return name === "REJECT" ? { does: "drop" } : NOTHING;
}
