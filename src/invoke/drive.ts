import type { AsyncHost, Host, Request, Steps } from "./request.ts";

/** Has `host` do what the steps ask for, to their end. @throws what the steps throw */
export function drive<T>(steps: Steps<T>, host: Host): T {
  let { done, value } = steps.next();
  while (!done) ({ done, value } = attempted(steps, value as Request, host));
  return value as T;
}

function attempted<T>(steps: Steps<T>, request: Request, host: Host): IteratorResult<Request, T> {
  let answer: unknown;
  try {
    answer = (host[request.do] as (request: Request) => unknown)(request);
  } catch (error) {
    return steps.throw(error);
  }
  return steps.next(answer);
}

/** As drive(), of a host that takes its time. */
export async function driveAsync<T>(steps: Steps<T>, host: AsyncHost): Promise<T> {
  let { done, value } = steps.next();
  while (!done) ({ done, value } = await attemptedAsync(steps, value as Request, host));
  return value as T;
}

async function attemptedAsync<T>(
  steps: Steps<T>,
  request: Request,
  host: AsyncHost,
): Promise<IteratorResult<Request, T>> {
  let answer: unknown;
  try {
    answer = await (host[request.do] as (request: Request) => Promise<unknown>)(request);
  } catch (error) {
    return steps.throw(error);
  }
  return steps.next(answer);
}
