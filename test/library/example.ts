import { addNetworkList, delNetworkList, loadNetworkList } from "@berth-cni/berth/cni";

const ipam = { type: "host-local", subnet: "10.9.0.0/24" };
const plugins = [{ type: "bridge", bridge: "lab0", isGateway: true, ipam }];
const list = await loadNetworkList({ config: { cniVersion: "1.1.0", name: "lab", plugins } });
const container = { containerId: "c1", netns: "/run/netns/c1", ifname: "eth0" };

const result = await addNetworkList(list, container);
if ("ips" in result) console.log(result.ips?.[0]?.address);

await delNetworkList(list, container);
