import * as z from "zod";
import { portNumber } from "./values.ts";

/** Readiness probes, in the words that containers of Kubernetes' pods have for them. */

/** A number, or the name that the record gives a port. */
const port = z.union([portNumber, z.string().min(1)], "expected the number or the name of a port");

const seconds = z.int().min(1).max(86_400);
const threshold = z.int().min(1).max(1000);

/** What would break the lines of a request is none. */
const line = z.string().regex(/^[\x21-\x7e]*$/, "expected visible characters of ASCII without spaces");

const kinds = {
  tcpSocket: z.strictObject({ port }).optional().describe("The port takes a connection."),
  httpGet: z
    .strictObject({
      port,
      path: line.startsWith("/", "expected a path that begins with /").default("/"),
      host: line.optional().describe("Header Host; the address when absent."),
    })
    .optional()
    .describe("A GET of the path is answered with a status from 200 to 399."),
};

export const probeSchema = z
  .strictObject({
    ...kinds,
    initialDelaySeconds: z.int().min(0).max(86_400).default(0).describe("How long after the ADD is not asked."),
    periodSeconds: seconds.default(10),
    timeoutSeconds: seconds.default(1),
    successThreshold: threshold.default(1),
    failureThreshold: threshold.default(3),
  })
  .check(({ value, issues }) => {
    if ((value.tcpSocket === undefined) !== (value.httpGet === undefined)) return;
    issues.push({ code: "custom", message: "expected one of tcpSocket and httpGet", input: value });
  });

export type Probe = z.output<typeof probeSchema>;
