/** Other people's programs (`ip`, `nft`, `ping`), run without a shell, in a namespace or outside. */

export interface Output {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs `cmd` in the network namespace named `ns`, or outside of all with undefined, and says how it went. */
export function attempt(ns: string | undefined, ...cmd: string[]): Output {
  const child = Bun.spawnSync(ns === undefined ? cmd : ["ip", "netns", "exec", ns, ...cmd], { stdin: null });
  return { status: child.exitCode ?? -1, stdout: child.stdout.toString(), stderr: child.stderr.toString() };
}

/** The stdout of `cmd`. @throws Error with its stderr when it fails */
export function sh(ns: string | undefined, ...cmd: string[]): string {
  const { status, stdout, stderr } = attempt(ns, ...cmd);
  if (status !== 0) throw new Error(`${cmd.join(" ")}${ns ? ` in ${ns}` : ""}: ${(stderr || stdout).trim()}`);
  return stdout;
}

// biome-ignore lint/suspicious/noExplicitAny: what a test reads of foreign JSON it asserts at once
export type Json = any;

/** `ip -j ARGS` in `ns`; no output is an empty list. */
export function ipj(ns: string | undefined, ...args: string[]): Json[] {
  const text = sh(ns, "ip", "-j", ...args);
  return text.trim() === "" ? [] : JSON.parse(text);
}

/** `nft -j list ruleset` in `ns`, without the row of meta information. */
export function nftj(ns: string | undefined): Json[] {
  const { nftables } = JSON.parse(sh(ns, "nft", "-j", "list", "ruleset"));
  return nftables.filter((row: object) => !("metainfo" in row));
}
