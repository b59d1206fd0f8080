import { createInterface } from "node:readline";
import { openNftSink, recordsOf, type Source, Store } from "@berth-cni/berth/service";

let addresses: string[] = [];
const labels = { "kubernetes.io/service-name": "web" };
const ports = [{ port: 8080 }];
const service = { kind: "Service", metadata: { name: "web" }, spec: { clusterIP: "10.96.0.1", ports: [{ port: 80 }] } };
const slice = { kind: "EndpointSlice", metadata: { name: "web-1", labels }, addressType: "IPv4", ports };

const registry: Source = {
  name: "registry",
  start: () => registry.relist(),
  async relist() {
    const endpoints = addresses.map((address) => ({ addresses: [address] }));
    store.replace(registry.name, recordsOf(service, { ...slice, endpoints }));
  },
  close() {},
};

const store = new Store({ node: "n1", zone: "" }, [registry.name]);
const sink = openNftSink();
await registry.start(store);
await sink.start(store);
console.log("10.96.0.1:80 refuses");

for await (const line of createInterface({ input: process.stdin })) {
  addresses = line.split(" ");
  await registry.relist();
  console.log(`10.96.0.1:80 leads to ${line}, port 8080`);
}
