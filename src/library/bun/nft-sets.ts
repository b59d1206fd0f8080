import type { Element, NftSet, SetName } from "../../nft/objects.ts";
import { type KeyOf, type KeyTypes, keyBytes, keyValue } from "./nft-keys.ts";

/**
 * A set, or with `data` a map; with the values' types known where it is a constant:
 *
 *     const pods = { name: "pods", type: "ipv4_addr" } as const;
 */
export interface SetShape {
  readonly name: string;
  readonly type: KeyTypes;
  /** What it maps its keys to. Absent: it is no map. */
  readonly data?: KeyTypes;
}

/** An element of a set or map. */
export interface ElementOf<S extends SetShape> {
  readonly key: KeyOf<S["type"]>;
  /** Of a map, and there always: what it has for the key. */
  readonly data?: S["data"] extends KeyTypes ? KeyOf<S["data"]> : undefined;
  /** Absent: it has none. What is written is cut to 128 bytes, and has no double quotes. */
  readonly comment?: string;
}

/** What src/nft knows a set by. */
export function setNameOf({ name, type, data }: SetShape): SetName {
  return { name, type, ...(data !== undefined && { data: typeof data === "string" ? [data] : data }) };
}

export function shapeOf({ name, type, data, comment }: NftSet): SetShape & { readonly comment?: string } {
  const [first, ...more] = data ?? [];
  return {
    name,
    type,
    ...(data && { data: first !== undefined && more.length === 0 ? first : data }),
    ...(comment !== undefined && { comment }),
  };
}

type Bytes = Omit<Element, "kind" | "set">;

/** @throws Explained for what is no value of the set's types */
export function elementBytes<S extends SetShape>(set: S, { key, data, comment }: ElementOf<S>): Bytes {
  return {
    key: keyBytes(`key of ${set.name}`, set.type, key),
    ...(set.data !== undefined && { data: keyBytes(`data of ${set.name}`, set.data, data) }),
    ...(comment !== undefined && { comment }),
  };
}

export function elementOf<S extends SetShape>(set: S, { key, data, comment }: Bytes): ElementOf<S> {
  const found = {
    key: keyValue(set.type, key),
    ...(data && set.data !== undefined && { data: keyValue(set.data, data) }),
    ...(comment !== undefined && { comment }),
  };
  return found as ElementOf<S>;
}
