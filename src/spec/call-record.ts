/** A line of the log of calls (docs/log.md): what a plugin was asked, what came of it, and how long it took. */
export interface CallRecord {
  /** When the call began: RFC 3339 in UTC with milliseconds. */
  readonly time: string;
  readonly plugin: string;
  /** CNI_COMMAND as it came. */
  readonly verb: string;
  /** The network's name; absent where the configuration was not readable. */
  readonly network?: string;
  readonly cniVersion?: string;
  /** CNI_CONTAINERID, CNI_IFNAME, CNI_NETNS as they came; absent where unset or empty. */
  readonly container?: string;
  readonly ifname?: string;
  readonly netns?: string;
  /** "namespace/name", where the runtime gave K8S_POD_NAMESPACE and K8S_POD_NAME in CNI_ARGS. */
  readonly pod?: string;
  /** undelivered: nobody took the result, so what the ADD did was taken back. */
  readonly outcome: "ok" | "error" | "undelivered";
  /** Of the error, as the caller was told: code of the spec, message, details. */
  readonly code?: number;
  readonly msg?: string;
  readonly details?: string;
  /** Milliseconds of the whole call, and of its phases by their names; a phase that was not come to is absent. */
  readonly ms: number;
  readonly phases: { readonly [phase in Phase]?: number };
  /** After an ADD: the addresses of the result, "10.1.2.3/24". */
  readonly ips?: readonly string[];
  /** What was said on stderr, by lines. */
  readonly warnings?: readonly string[];
  /** Of the caller's TRACEPARENT (W3C Trace Context): the trace's id and the calling span's, in hexadecimal digits. */
  readonly trace?: string;
  readonly span?: string;
  /** Version of the executable. */
  readonly version: string;
}

/**
 * request: the environment and stdin are read (where BERTH_LOG switches the log on). lease: the IPAM plugin works. link: links,
 * addresses, routes. rules: what features put into the kernel. work: of a plugin that does not tell these apart, all.
 */
export type Phase = "request" | "work" | "lease" | "link" | "rules";
