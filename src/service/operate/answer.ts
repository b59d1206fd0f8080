/** What is asked over HTTP, and answered. */

export interface Asked {
  readonly method: string;
  readonly path: string;
  /** What stands behind `?name=`; undefined: it is not there. */
  query(name: string): string | undefined;
  /** The body. */
  text(): Promise<string>;
}

export interface ControlAnswer {
  readonly status: number;
  readonly type: "application/json" | "application/jsonl" | "application/yaml" | "text/plain; version=0.0.4";
  /** All of it, or lines as they come. */
  readonly body: string | AsyncIterableIterator<string>;
}

export function json(status: number, value: object): ControlAnswer {
  return { status, type: "application/json", body: `${JSON.stringify(value, undefined, 2)}\n` };
}

/** What is wrong, a line each. */
export function refused(status: number, ...problems: readonly string[]): ControlAnswer {
  return json(status, { error: problems.join("\n") });
}

export function text(body: string): ControlAnswer {
  return { status: 200, type: "text/plain; version=0.0.4", body };
}

/** Whether a query says yes. */
export function isSet(asked: Asked, name: string): boolean {
  const value = asked.query(name);
  return value !== undefined && value !== "false" && value !== "0";
}
