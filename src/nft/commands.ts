import type { Wire } from "../netlink/request.ts";
import type { Writer } from "../wire/cursor.ts";
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_NONREC } from "../wire/message.ts";
import * as body from "./bodies.ts";
import type { Kind, NftObject } from "./objects.ts";
import { packed, packedKeys } from "./packed.ts";
import {
  NFT_DELCHAIN,
  NFT_DELRULE,
  NFT_DELSET,
  NFT_DELSETELEM,
  NFT_DELTABLE,
  NFT_NEWCHAIN,
  NFT_NEWRULE,
  NFT_NEWSET,
  NFT_NEWSETELEM,
  NFT_NEWTABLE,
  writeHeader,
} from "./tables.ts";

/**
 * nft's verbs. `add` accepts an object that is there already, `create` fails with EEXIST; `delete` fails with ENOENT
 * when there is none, and with EBUSY when a set has elements, `destroy` does neither; `flush` empties. `insert` puts a rule
 * before all others of its chain, `add` after them.
 */
export type Verb = "add" | "create" | "insert" | "delete" | "destroy" | "flush";

type OfKind<K extends Kind> = Extract<NftObject, { kind: K }>;

/** How a verb is asked of the kernel for one kind of object; its text is that of any (text.ts). */
type CommandForm<O> = Wire<{
  readonly scope: body.Scope;
  readonly object: O;
  /** Differs for each command of a batch. */
  readonly id: number;
}>;

type WriteBody<O> = (w: Writer, scope: body.Scope, object: O, id: number) => void;

function form<O>(type: number, flags: number, writeBody: WriteBody<O>): CommandForm<O> {
  return {
    type,
    flags,
    write(w, { scope, object, id }) {
      writeHeader(w, scope.family);
      writeBody(w, scope, object, id);
    },
  };
}

const REMOVALS = {
  table: form(NFT_DELTABLE, 0, body.tableName),
  chain: form(NFT_DELCHAIN, 0, body.chainName),
  set: form(NFT_DELSET, 0, body.setName),
  element: form(NFT_DELSETELEM, 0, body.elementKey),
  elements: form(NFT_DELSETELEM, 0, body.elementKeys),
  packed: form(NFT_DELSETELEM, 0, packedKeys),
  /** nft too deletes a rule by its handle only. */
  rule: undefined,
  handle: form(NFT_DELRULE, 0, body.ruleHandle),
  literal: undefined,
  keys: undefined,
};

/** Every verb for every kind of object; undefined where nft has no such command. */
const FORMS = {
  add: {
    table: form(NFT_NEWTABLE, NLM_F_CREATE, body.table),
    chain: form(NFT_NEWCHAIN, NLM_F_CREATE, body.chain),
    set: form(NFT_NEWSET, NLM_F_CREATE, body.set),
    element: form(NFT_NEWSETELEM, NLM_F_CREATE, body.element),
    elements: form(NFT_NEWSETELEM, NLM_F_CREATE, body.elements),
    packed: form(NFT_NEWSETELEM, NLM_F_CREATE, packed),
    rule: form(NFT_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, body.rule),
    handle: undefined,
    literal: form(NFT_NEWSET, NLM_F_CREATE, body.literal),
    keys: form(NFT_NEWSETELEM, NLM_F_CREATE, body.keys),
  },
  create: {
    table: form(NFT_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, body.table),
    chain: form(NFT_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, body.chain),
    set: form(NFT_NEWSET, NLM_F_CREATE | NLM_F_EXCL, body.set),
    element: form(NFT_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, body.element),
    elements: form(NFT_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, body.elements),
    packed: undefined,
    rule: undefined,
    handle: undefined,
    literal: undefined,
    keys: undefined,
  },
  insert: {
    table: undefined,
    chain: undefined,
    set: undefined,
    element: undefined,
    elements: undefined,
    packed: undefined,
    rule: form(NFT_NEWRULE, NLM_F_CREATE, body.rule),
    handle: undefined,
    literal: undefined,
    keys: undefined,
  },
  /** A set only if it is empty, which nft itself does not ask for. Elements that the same batch removes still count. */
  delete: { ...REMOVALS, set: form(NFT_DELSET, NLM_F_NONREC, body.setName) },
  /** NFT_MSG_DESTROY* came with Linux 6.3; below it is a deletion whose ENOENT is forgiven (client.ts). */
  destroy: REMOVALS,
  flush: {
    table: form(NFT_DELRULE, 0, body.rulesOfTable),
    chain: form(NFT_DELRULE, 0, body.rulesOfChain),
    set: form(NFT_DELSETELEM, 0, body.elementsOfSet),
    element: undefined,
    elements: undefined,
    packed: undefined,
    rule: undefined,
    handle: undefined,
    literal: undefined,
    keys: undefined,
  },
} satisfies { [V in Verb]: { [K in Kind]: CommandForm<OfKind<K>> | undefined } };

/** The objects that a verb can be used with. */
export type ObjectOf<V extends Verb> = {
  [K in Kind]: (typeof FORMS)[V][K] extends undefined ? never : OfKind<K>;
}[Kind];

/** One command of a batch. */
export interface Command {
  readonly scope: body.Scope;
  readonly verb: Verb;
  readonly object: NftObject;
}

/** The message that asks for `command`; `ObjectOf` has made sure that there is one. */
export function formOf({ verb, object }: Command): CommandForm<NftObject> {
  return FORMS[verb][object.kind] as CommandForm<NftObject>;
}
