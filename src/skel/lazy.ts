import { load } from "#sys";
import type { Handlers, Plugin } from "../spec/plugin.ts";
import { VERSIONS } from "../spec/versions.ts";

/** The bundle (bundles.json) in which each handler of a plugin is. */
export type Places = { readonly [H in keyof Handlers]?: string } & { readonly ADD: string };

/** A plugin whose handlers are loaded when they are called: what is not called costs nothing. */
export function lazyPlugin(name: string, places: Places): Plugin {
  const handler = (key: keyof Handlers) => (call: never) => {
    const { handlers } = load(places[key] ?? "") as { handlers: Record<string, (call: never) => unknown> };
    return handlers[key]?.(call);
  };
  const keys = Object.keys(places) as (keyof Handlers)[];
  return {
    name,
    versions: VERSIONS,
    ...Object.fromEntries(keys.map((key) => [key, handler(key)])),
  } as unknown as Plugin;
}
