/** kubectl, which reads what it is given as Kubernetes' own types, and leaves out what these do not have. It asks no cluster. */
import { attempt } from "./command.ts";
import type { Need } from "./needs.ts";

export const kubectl: Need = {
  what: "kubectl",
  met: () => attempt(undefined, "kubectl", "version", "--client").status === 0,
};

/** Local commands that change nothing of what is compared. */
const COMMANDS = { Service: ["selector", "berth=berth"], DaemonSet: ["image", "*=unchanged"] } as const;

/** The paths of `object` that Kubernetes' types do not have, or have as something else. @throws what kubectl says */
export function unknownKeys(object: object & { kind: keyof typeof COMMANDS }): string[] {
  const [what, value] = COMMANDS[object.kind];
  const { stdout, stderr, exitCode } = Bun.spawnSync(
    ["kubectl", "set", what, "--local", "-f", "-", value, "-o", "json"],
    { stdin: Buffer.from(JSON.stringify(object)) },
  );
  if (exitCode !== 0) throw new Error(stderr.toString());
  return lacking(object, JSON.parse(stdout.toString()), "").filter((path) => !path.endsWith(".image"));
}

function lacking(value: unknown, other: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return value === other ? [] : [path];
  return Object.entries(value).flatMap(([key, one]) => lacking(one, (other as never)?.[key], `${path}.${key}`));
}
