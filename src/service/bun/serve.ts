import type { ControlAnswer } from "../operate/answer.ts";

/** An answer as Bun sends it. */
export function responseOf({ status, type, body }: ControlAnswer): Response {
  const headers = { "content-type": type };
  return new Response(typeof body === "string" ? body : streamOf(body), { status, headers });
}

/** Lines are made when they can be sent, so that none pile up, and between them others are answered. */
function streamOf(lines: AsyncIterableIterator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      await Bun.sleep(0);
      const { done, value } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await lines.return?.();
    },
  });
}
