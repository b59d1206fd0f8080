/** What bridge and ptp read alike of a configuration beside the keys of all plugins: what a container is registered as. */
import * as z from "zod";
import { key, keys } from "../spec/schema.ts";

const NAME = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const PORT = "(?:6553[0-5]|655[0-2]\\d|65[0-4]\\d\\d|6[0-4]\\d{3}|[1-5]\\d{4}|0*[1-9]\\d{0,3})";
const PROTOCOL = "(?:TCP|UDP|SCTP|tcp|udp|sctp)";
const ONE = `(?:${NAME}:)?${PORT}(?:/${PROTOCOL})?`;
const whole = (expression: string) => new RegExp(`^(?:${expression})$`);

const name = z
  .string()
  .regex(whole(`(?:${NAME})?`), "a name as Kubernetes has them: small letters, digits and - within, at most 63");
const services = z
  .string()
  .regex(whole(`(?:${NAME}(?:,${NAME})*)?`), "names of services with a comma between: web,api");
const portList = z
  .string()
  .regex(whole(`(?:${ONE}(?:,${ONE})*)?`), "NAME:PORT/PROTOCOL with a comma between: http:8080/tcp,dns:53/udp");

const wishKeys = {
  service: key(
    "Names of the services that the container is an endpoint of, with a comma between; none when absent or empty.",
    services,
  ),
  namespace: key(
    "Namespace of these services; that of the pod (K8S_POD_NAMESPACE in CNI_ARGS) when absent or empty, else default.",
    name,
  ),
  ports: key(
    "Ports of the container that the services lead to.",
    z.array(
      keys({
        name: key("Name that the service's port has; none when absent or empty.", name),
        port: z.int().min(1).max(65_535).describe("Number of the port in the container."),
        protocol: key("TCP, UDP or SCTP; TCP when absent or empty.", z.string().regex(whole(`${PROTOCOL}?`))),
      }),
    ),
  ),
};

/** In the object `berth`. */
export const registerKeys = {
  register: key(
    "Containers are endpoints of services, by records that berthd reads; absent: nothing is registered.",
    keys({
      ...wishKeys,
      dir: key(
        "Directory of the endpoint records; /run/berth/endpoints when absent or empty.",
        z.string().regex(/^(?:\/.*)?$/s, "an absolute path"),
      ),
    }),
  ),
};

/** In runtimeConfig, where there is such an object. */
export const suppliedKeys = {
  register: key("What this container is registered as; it goes before what the network says.", keys(wishKeys)),
  "io.kubernetes.cri.pod-annotations": key(
    "Annotations of the pod.",
    keys({
      "berth/service": key("As register.service.", services),
      "berth/ports": key("As register.ports, in one text: NAME:PORT/PROTOCOL with a comma between.", portList),
    }),
  ),
};
