import { carried } from "./carried.ts";
import type { Cluster } from "./cluster.ts";
import { controllers } from "./controllers.ts";
import { daemonset } from "./daemonset.ts";
import { made } from "./made.ts";
import { odd } from "./odd.ts";
import { printed } from "./printed.ts";
import { records } from "./records.ts";
import { refused } from "./refused.ts";

/** One thing that is tried with Kubernetes' own programs. */
export interface Row {
  readonly id: string;
  readonly what: string;
  /** What was compared, with counts. @throws Error that says what is not as it should be */
  readonly test: (cluster: Cluster) => string | Promise<string>;
}

export const ROWS: readonly Row[] = [
  { id: "carried", what: "What `kubectl get` prints of a cluster is carried", test: carried },
  { id: "controllers", what: "What the controllers make of services and pods is carried", test: controllers },
  { id: "odd", what: "What nobody is led to in a cluster is in the way of nothing", test: odd },
  {
    id: "printed",
    what: "What `berth svc` prints goes through `kubectl apply`, and means the same there",
    test: printed,
  },
  { id: "records", what: "Records of the plugins go through `kubectl apply -f` as they are", test: records },
  { id: "daemonset", what: "`conf/berthd.daemonset.yaml` is taken", test: daemonset },
  { id: "made", what: "What `kubectl create service` and `expose` print goes through `berth svc apply`", test: made },
  { id: "refused", what: "What the API server refuses, berthd refuses", test: refused },
];
