import { cniSource, type Intake } from "@berth-cni/berth/service";

const [path = "", probe = ""] = process.argv.slice(2);
const ready = (records: readonly object[]) => {
  const all = records.flatMap((one) => ("endpoints" in one ? (one.endpoints as { ready: boolean }[]) : []));
  console.log(all.map((endpoint) => endpoint.ready).join(" "));
};
const intake: Intake = {
  replace: (_, records) => ready(records),
  apply: (_, changes) => ready(changes),
  trouble: (_, problems) => problems.forEach((problem) => void console.log(problem)),
};
try {
  const source = cniSource("n1", { path, readinessProbes: { "default/web": JSON.parse(probe) } });
  await source.start(intake);
  process.stdin.once("end", () => source.close()).resume();
} catch (error) {
  console.log((error as Error).message);
}
