/** Who says what a container is registered as, and which of them counts. */
import { describe, expect, test } from "bun:test";
import { registerLeft, registerSchema, registerWish } from "../../../../src/features/register/wish.ts";
import { decode } from "../../../../src/spec/decode.ts";
import type { Env } from "../../../../src/spec/env.ts";

const HTTP = { name: "http", port: 8080, protocol: "TCP" } as const;
const POD = "io.kubernetes.cri.pod-annotations";

interface Said {
  readonly network?: object;
  readonly runtime?: object;
  readonly annotations?: object;
  readonly args?: string;
}

function wish({ network = {}, runtime, annotations, args = "" }: Said) {
  const config = {
    runtimeConfig: { ...(runtime && { register: runtime }), ...(annotations && { [POD]: annotations }) },
  };
  return registerWish({ config, env: { args } as Env }, decode(registerSchema, network, "berth.register"));
}

describe("registerWish()", () => {
  test("reads what the network says", () => {
    const network = { service: "web,api", namespace: "prod", ports: [{ name: "http", port: 8080 }], dir: "/run/x" };
    expect(wish({ network })).toEqual({ dir: "/run/x", namespace: "prod", services: ["web", "api"], ports: [HTTP] });
  });

  test("registers nothing where nobody names a service", () => {
    expect(wish({})).toEqual({ dir: "/run/berth/endpoints", namespace: "default", services: [], ports: [] });
  });

  test("reads CNI_ARGS, of which others' keys are others'", () => {
    const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=team;BERTH_SERVICE=web;BERTH_PORTS=http:8080/tcp,dns:53/udp;MAC=x";
    expect(wish({ args })).toMatchObject({
      namespace: "team",
      services: ["web"],
      ports: [HTTP, { name: "dns", port: 53, protocol: "UDP" }],
    });
  });

  test("lets the runtime go before the pod, the pod before CNI_ARGS, and these before the network", () => {
    const said = {
      runtime: { service: "a", ports: [{ port: 1 }] },
      annotations: { "berth/service": "b", "berth/ports": "2" },
      args: "BERTH_SERVICE=c;BERTH_PORTS=3",
      network: { service: "d", ports: [{ port: 4 }] },
    };
    const order = ["runtime", "annotations", "args", "network"] as const;
    const seen = order.map((_, i) => {
      const { services, ports } = wish(Object.fromEntries(order.slice(i).map((key) => [key, said[key]])) as Said);
      return [services.join(), ports[0]?.port];
    });
    expect(seen).toEqual([
      ["a", 1],
      ["b", 2],
      ["c", 3],
      ["d", 4],
    ]);
  });

  test("takes each part from whom says it: the network's ports for a service that the pod names", () => {
    const network = { ports: [{ name: "http", port: 8080 }] };
    expect(wish({ network, annotations: { "berth/service": "web" } })).toMatchObject({
      services: ["web"],
      ports: [HTTP],
    });
  });

  test("keeps a pod in its namespace, unless the network or the runtime says otherwise", () => {
    const args = "K8S_POD_NAMESPACE=team";
    expect(wish({ args, network: { namespace: "shop" } }).namespace).toBe("shop");
    expect(wish({ args, network: { namespace: "shop" }, runtime: { namespace: "run" } }).namespace).toBe("run");
    expect(wish({ args, annotations: { "berth/namespace": "other" } }).namespace).toBe("team");
  });

  test("lets a container be none of what its network says", () => {
    expect(wish({ network: { service: "web" }, annotations: { "berth/service": "" } }).services).toEqual([]);
  });
});

describe("registerWish() refuses", () => {
  const many = [{ port: 80 }, { port: 81 }];
  test.each<[Said, number, string, string]>([
    [{ network: { service: "Web" } }, 7, 'berth.register.service: "Web" is not the name of a service', "web,api"],
    [{ network: { namespace: "a.b" } }, 7, 'berth.register.namespace: "a.b" is not a name', "63 small letters"],
    [{ network: { ports: [{ port: 0 }] } }, 7, "berth.register.ports[0].port: 0 is no port", "1 to 65535"],
    [{ network: { ports: [{}] } }, 7, "berth.register.ports[0].port: there is none", "1 to 65535"],
    [{ network: { ports: [{ port: "80" }] } }, 6, 'berth.register.ports[0].port: "80" is not an integer', "a string"],
    [
      { network: { ports: [{ port: 80, protocol: "icmp" }] } },
      7,
      'ports[0].protocol: "icmp" is not a protocol',
      "SCTP",
    ],
    [{ network: { ports: many } }, 7, "berth.register.ports: two ports have no name", "in the service"],
    [{ network: { dir: "run" } }, 7, 'berth.register.dir: "run" is not an absolute path', "begin it with /"],
    [{ runtime: { service: 5 } }, 6, "runtimeConfig.register.service: 5 is not a string", "a number"],
    [
      { annotations: { "berth/ports": "http" } },
      7,
      `runtimeConfig.${POD}.berth/ports: "http" is not a list of`,
      "8080",
    ],
    [{ args: "BERTH_SERVICE=web," }, 4, 'CNI_ARGS.BERTH_SERVICE: "web," is not the name of a service', "web,api"],
    [{ args: "BERTH_PORTS=http:70000" }, 4, 'CNI_ARGS.BERTH_PORTS: "http:70000" is not a list of ports', "NAME:PORT"],
    [{ args: "BERTH_PORTS=a:1,a:2" }, 4, "BERTH_PORTS in CNI_ARGS: two ports have the name a", "in the service"],
  ])("%j", (said, code, message, details) => {
    let seen: unknown;
    try {
      wish(said);
    } catch (error) {
      seen = error;
    }
    expect(seen).toMatchObject({
      code,
      message: expect.stringContaining(message),
      details: expect.stringContaining(details),
    });
  });
});

test("registerLeft() has the directory that a DEL looks in", () => {
  expect([registerLeft("/run/x").dir, registerLeft("x").dir, registerLeft().dir]).toEqual([
    "/run/x",
    "/run/berth/endpoints",
    "/run/berth/endpoints",
  ]);
});
