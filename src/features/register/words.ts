/** The words of endpoint records: EndpointSlices of Kubernetes, with what else is known in annotations. */

/** Where records are unless the network says where. */
export const DIRECTORY = "/run/berth/endpoints";

/** The end of a record's name: what is called otherwise is none. */
export const SUFFIX = ".json";

export const API_VERSION = "discovery.k8s.io/v1";
export const SERVICE_LABEL = "kubernetes.io/service-name";
export const MANAGED_LABEL = "endpointslice.kubernetes.io/managed-by";
export const MANAGER = "berth";

/** Whose a record is and when it was true. Names of annotations, the same in each slice of a record. */
export const OWNER = {
  network: "berth/network",
  container: "berth/container",
  interface: "berth/interface",
  /** The boot that it was made in (sys/boot.ts). */
  boot: "berth/boot",
  /** Cookie of the host's network namespace, decimal; absent before Linux 5.14. */
  host: "berth/host",
  /** Name of the host's end of the link. */
  veth: "berth/veth",
  /** Its index, decimal. */
  ifindex: "berth/ifindex",
} as const;

/** By which a pod says what it is an endpoint of, where its network lets it. */
export const POD = { service: "berth/service", ports: "berth/ports" } as const;

/** The capability by which runtimes of pods supply annotations. */
export const POD_ANNOTATIONS = "io.kubernetes.cri.pod-annotations";
