import type { Plugin } from "../../spec/plugin.ts";
import { VERSIONS } from "../../spec/versions.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import { del } from "./del.ts";
import { gc } from "./gc.ts";
import { status } from "./status.ts";

/** Addresses from ranges, leased in files of this host, which the reference's host-local shares: ref-host-local. */
export const hostLocal: Plugin = {
  name: "host-local",
  versions: VERSIONS,
  ADD: add,
  DEL: del,
  CHECK: check,
  GC: gc,
  STATUS: status,
};
