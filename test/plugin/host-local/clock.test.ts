/** A clock that was set back: leases are dated later than now. */
import { describe, expect } from "bun:test";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { attributeOf, setAttribute } from "../../support/attributes.ts";
import { built, needs } from "../../support/needs.ts";
import { pool } from "./pool.ts";

const test = needs(built);
const GONE = { conf: { "cni.dev/valid-attachments": [] } };
const TOMORROW = Date.now() / 1000 + 86_400;

describe("host-local/GC", () => {
  test.each(["this boot", "an earlier one"])("frees a lease of %s that is dated tomorrow", (boot) => {
    using net = pool();
    net.add("a");
    const lease = join(net.dir, "10.1.2.2");
    if (boot !== "this boot") setAttribute(lease, attributeOf(lease).replace(/b=\w+/, "b=0123456789ab"));
    utimesSync(lease, TOMORROW, TOMORROW);
    expect(net.call("GC", "", GONE)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(net.leases()).toEqual({});
  });

  test("spares what only its date tells of", () => {
    using net = pool();
    net.write("10.1.2.2", "a\r\neth0");
    utimesSync(join(net.dir, "10.1.2.2"), TOMORROW, TOMORROW);
    expect(net.call("GC", "", GONE).status).toBe(0);
    expect(Object.keys(net.leases())).toEqual(["10.1.2.2"]);
  });
});
