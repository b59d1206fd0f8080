import type { Delegated } from "../delegate/delegate.ts";
import type { Link } from "../rtnl/read-link.ts";
import type { Result } from "../spec/result.ts";
import type { AddContext } from "./plan.ts";
import { dropRules } from "./rules.ts";

/** What IPAM gave, as the plugin understands it. */
export interface Addressed<A> {
  readonly addressing: A;
  readonly attached: Delegated["attached"];
}

/** Takes what IPAM gave, to be given back when the ADD fails. @throws what `plan` throws */
export function takeLease<A>(
  { plan, host, undo }: AddContext,
  { result, rollback, release, attached, rulesBefore }: Delegated,
  addressingOf: (result: Result) => A,
): Addressed<A> {
  undo.push(rollback, release);
  const ips = result.ips.map(({ address }) => address.ip);
  if (rulesBefore) dropRules(plan, host, rulesBefore, ips);
  return { addressing: addressingOf(result), attached };
}

/** Tells IPAM which link its addresses went to, and the letters of the rules that go with them. */
export function tellIpam(
  { sandbox }: Pick<AddContext, "sandbox">,
  { name, index }: Link,
  { attached }: Addressed<unknown>,
  letters: string,
): void {
  const sandboxCookie = sandbox.cookie();
  attached?.({ name, index, ...(sandboxCookie !== undefined && { sandboxCookie }), rules: letters || undefined });
}
