// What src/registry.ts says, for scripts that Node runs.

import { fileURLToPath } from "node:url";

/** The plugins: name, kind, versions, start (src/registry.ts). Needs node_modules. */
export async function registry() {
  const { build } = await import("esbuild");
  const entry = fileURLToPath(new URL("../src/registry.ts", import.meta.url));
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: "esm" });
  const { REGISTRY } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  return REGISTRY;
}
