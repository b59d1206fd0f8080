import { parseArgs } from "../../spec/args.ts";
import { array, type Decoded, decode, goObject, int, type Schema, string, text } from "../../spec/decode.ts";
import { CniError, INVALID_CONFIG, INVALID_ENVIRONMENT } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { DIRECTORY, POD, POD_ANNOTATIONS } from "./words.ts";

/** What is to be registered (`berth.register`): the container is an endpoint of services. */
export interface RegisterWish {
  /** Where the record goes. */
  readonly dir: string;
  readonly namespace: string;
  /** Names of services; none: the container is no endpoint. */
  readonly services: readonly string[];
  readonly ports: readonly RegisteredPort[];
}

/** As EndpointSlices have it. */
export interface RegisteredPort {
  /** The name that the service's port has; "" for a service with one port that has none. */
  readonly name: string;
  readonly port: number;
  readonly protocol: Protocol;
}

const PROTOCOLS = ["TCP", "UDP", "SCTP"] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** A name of Kubernetes (RFC 1123, label). */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const labelOf = (name: string) => (LABEL.test(name) ? name : undefined);

function protocolOf(name: string): Protocol | undefined {
  return PROTOCOLS.find((one) => one === name || one.toLowerCase() === name);
}

/** "web,api"; "" is no service. */
function servicesOf(names: string): string[] | undefined {
  if (names === "") return [];
  const services = names.split(",");
  return services.every((name) => LABEL.test(name)) ? services : undefined;
}

const PORT = /^(?:([^:/]+):)?([0-9]{1,5})(?:\/([A-Za-z]+))?$/;

/** "http:8080/tcp,9090"; "" is no port. */
function portsOf(written: string): RegisteredPort[] | undefined {
  const ports: RegisteredPort[] = [];
  for (const one of written === "" ? [] : written.split(",")) {
    const [whole, name = "", digits, transport = "TCP"] = PORT.exec(one) ?? [];
    const [port, protocol] = [Number(digits), protocolOf(transport)];
    if (whole === undefined || !isPort(port) || !protocol || (name !== "" && !LABEL.test(name))) return undefined;
    ports.push({ name, port, protocol });
  }
  return ports;
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}

const optional = <T>(schema: Schema<T>): Schema<T> => ({ ...schema, blankIsAbsent: true });

const LABEL_WORDS = "at most 63 small letters, digits and - within: web";
const label = optional(text(labelOf, "a name as Kubernetes has them", LABEL_WORDS));
const services = text(servicesOf, "the name of a service", "web, or several: web,api");
const portList = text(portsOf, "a list of ports", "NAME:PORT/PROTOCOL with a comma between, http:8080/tcp,dns:53/udp");
const protocol = optional(text(protocolOf, "a protocol", "TCP, UDP or SCTP"));

const wishKeys = {
  service: services,
  namespace: label,
  ports: array(goObject({ name: label, port: int, protocol })),
};

/** What stands in `berth.register`. */
export const registerSchema = goObject({ ...wishKeys, dir: string });

const leftSchema = goObject({ register: goObject({ dir: string }) });

/** What of `berth` a DEL reads: each DEL does, and hardly any finds something. */
export const berthLeftSchema: typeof leftSchema = {
  ...leftSchema,
  read: (value) => (isRegistering(value) ? leftSchema.read(value) : {}),
};

function isRegistering(berth: unknown): boolean {
  if (typeof berth !== "object" || berth === null) return false;
  for (const key in berth) if (key.length === REGISTER.length && key.toLowerCase() === REGISTER) return true;
  return false;
}

const REGISTER = "register";

/** What the runtime may supply for a container. */
export const suppliedSchema = goObject({
  runtimeConfig: goObject({
    register: goObject(wishKeys),
    [POD_ANNOTATIONS]: goObject({ [POD.service]: services, [POD.ports]: portList }),
  }),
});

/** Keys of CNI_ARGS. */
export const REGISTER_ARGS = ["BERTH_SERVICE", "BERTH_PORTS", "K8S_POD_NAMESPACE"] as const;

const argsSchema = goObject({ BERTH_SERVICE: services, BERTH_PORTS: portList, K8S_POD_NAMESPACE: label });

type Keys = Decoded<typeof registerSchema>;

/**
 * What a container of a network that registers is to be registered as. What the runtime says in runtimeConfig goes before the pod's
 * annotations, these before CNI_ARGS, and what the network says comes last; but only the runtime may choose another namespace
 * than the network or the pod is of.
 * @throws CniError 6 for a wrong type, 7 for an invalid value, 4 for one in CNI_ARGS
 */
export function registerWish({ config, env }: Pick<Call, "config" | "env">, keys: Keys): RegisterWish {
  const { register = {}, [POD_ANNOTATIONS]: pod = {} } = decode(suppliedSchema, config).runtimeConfig ?? {};
  const args = argsOf(env.args);
  const ofRuntime = register.ports && checked(register.ports, "runtimeConfig.register.ports");
  const ofNetwork = keys.ports && checked(keys.ports, "berth.register.ports");
  const { [POD.ports]: ofPod } = pod;
  const annotated = ofPod && distinct(ofPod, `runtimeConfig.${POD_ANNOTATIONS}.${POD.ports}`);
  const passed = args.BERTH_PORTS && distinct(args.BERTH_PORTS, "BERTH_PORTS in CNI_ARGS", INVALID_ENVIRONMENT);
  return {
    dir: directoryOf(keys.dir),
    namespace: register.namespace ?? keys.namespace ?? args.K8S_POD_NAMESPACE ?? "default",
    services: [...new Set(register.service ?? pod[POD.service] ?? args.BERTH_SERVICE ?? keys.service)],
    ports: ofRuntime ?? annotated ?? passed ?? ofNetwork ?? [],
  };
}

/** What a DEL knows of it. */
export function registerLeft(dir = ""): RegisterWish {
  return { dir: dir.startsWith("/") ? dir : DIRECTORY, namespace: "", services: [], ports: [] };
}

/** Other keys are others'. @throws CniError 4 */
function argsOf(written: string): Decoded<typeof argsSchema> {
  if (written === "") return {};
  const given = parseArgs(`${written.replace(/;$/, "")};IgnoreUnknown=1`, REGISTER_ARGS);
  try {
    return decode(argsSchema, Object.fromEntries(given), "CNI_ARGS");
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    throw new CniError(INVALID_ENVIRONMENT, error.message, error.details);
  }
}

function checked(ports: NonNullable<Keys["ports"]>, where: string): RegisteredPort[] {
  const all = ports.map(({ name = "", port, protocol = "TCP" }, i) => {
    if (port !== undefined && isPort(port)) return { name, port, protocol };
    const what = port === undefined ? "there is none" : `${port} is no port`;
    throw new CniError(INVALID_CONFIG, `${where}[${i}].port: ${what}`, "expected a number from 1 to 65535");
  });
  return distinct(all, where);
}

/** Kubernetes tells the ports of a slice apart by their names. */
function distinct(ports: RegisteredPort[], where: string, code = INVALID_CONFIG): RegisteredPort[] {
  const names = ports.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return ports;
  const what = twice === "" ? "two ports have no name" : `two ports have the name ${twice}`;
  throw new CniError(code, `${where}: ${what}`, "give each port the name that it has in the service");
}

/** @throws CniError 7 */
function directoryOf(dir = ""): string {
  if (dir === "") return DIRECTORY;
  if (dir.startsWith("/")) return dir;
  throw new CniError(
    INVALID_CONFIG,
    `berth.register.dir: "${dir}" is not an absolute path`,
    `begin it with /, or leave it out: ${DIRECTORY} then`,
  );
}
