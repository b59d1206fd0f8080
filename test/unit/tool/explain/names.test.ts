/** Containers that only their runtimes know by name. */
import { describe, expect, test } from "bun:test";
import { findAnywhere } from "../../../../src/tool/explain/find.ts";
import type { Container } from "../../../../src/tool/runtimes/container.ts";

const WEB: Container = {
  id: "default-0123456789ab",
  name: "web",
  running: true,
  members: ["nginx"],
  pod: { namespace: "shop", name: "web" },
  netns: "/proc/77/ns/net",
  runtime: "crictl",
};
const OTHER: Container = { id: "k8s.io-77", name: "cart", running: true, members: [], runtime: "nerdctl" };

const find = (word: string, ...containers: Container[]) => findAnywhere(word, { attachments: [] }, () => containers);

describe("findAnywhere()", () => {
  test.each(["web", "shop/web", "nginx", "default-0123456789ab"])("finds a container of a runtime by %s", (word) => {
    expect(find(word, OTHER, WEB)).toEqual({ is: "netns", path: "/proc/77/ns/net" });
  });

  test("asks which where two are called so", () => {
    const twin = { ...OTHER, name: "web" };
    expect(find("web", WEB, twin)).toEqual({ is: "ambiguous", names: [WEB.id, twin.id] });
  });

  test("names what is near, or what there is", () => {
    expect(find("webb", OTHER, WEB)).toEqual({ is: "nothing", near: ["shop/web"] });
    expect(find("xyz", OTHER, WEB)).toEqual({ is: "nothing", near: ["cart", "shop/web", "nginx"] });
  });

  test.each([":8080", "10.0.0.1", "/nowhere"])("does not ask for %s, which is no name", (word) => {
    expect(findAnywhere(word, { attachments: [] }, () => expect.unreachable())).toEqual({ is: "nothing", near: [] });
  });
});
