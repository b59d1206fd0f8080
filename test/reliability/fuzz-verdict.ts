/** Whether an answer is one that a runtime can use. */

export interface Answer {
  readonly code: number;
  readonly stdout: string;
}

/** What is wrong with an answer to `verb`: a result or a CNI error, and nothing else, is right. */
export function faultOf(verb: string | undefined, { code, stdout }: Answer): string | undefined {
  if (!verb) return code === 0 && stdout === "" ? undefined : `about: exit ${code}, ${brief(stdout)}`;
  if (code !== 0 && code !== 1) return `exit ${code}: ${brief(stdout)}`;
  if (code === 0 && !["ADD", "VERSION"].includes(verb))
    return stdout === "" ? undefined : `stdout of ${verb}: ${brief(stdout)}`;
  let json: unknown;
  try {
    json = JSON.parse(stdout);
  } catch {
    return `no JSON: exit ${code}, ${brief(stdout)}`;
  }
  if (typeof json !== "object" || json === null) return `no object: ${brief(stdout)}`;
  return code === 1 ? errorFault(json) : resultFault(json);
}

function errorFault(json: object): string | undefined {
  const { code, msg, details } = json as Record<string, unknown>;
  const sound = Number.isInteger(code) && (code as number) > 0 && typeof msg === "string" && msg !== "";
  if (!sound || !["string", "undefined"].includes(typeof details))
    return `no CNI error: ${brief(JSON.stringify(json))}`;
  return `${details}`.includes("defect of berth") ? `a defect: ${brief(JSON.stringify(json), 600)}` : undefined;
}

function resultFault(json: object): string | undefined {
  const { cniVersion, ips, ip4, ip6, supportedVersions } = json as Record<string, unknown>;
  const sound = typeof cniVersion === "string" && [ips, supportedVersions].some(Array.isArray);
  return sound || ip4 || ip6 ? undefined : `no result: ${brief(JSON.stringify(json))}`;
}

const brief = (text: string, length = 200) => JSON.stringify(text.slice(0, length));
