import { listObject, serviceObject, sliceObject } from "../schema/objects.ts";
import type { Store } from "../store/store.ts";
import { ENDPOINTS, namesOf, SERVICES, type Subject, type Table, type TableKind } from "./tables.ts";

/** What may be asked of services or of endpoints. */

export interface Question {
  readonly of: "services" | "endpoints";
  readonly as: "table" | "objects";
  /** "": all of them. */
  readonly namespace: string;
  readonly name: string;
  readonly wide: boolean;
}

const TABLES = { services: SERVICES, endpoints: ENDPOINTS } as const satisfies Record<Question["of"], TableKind>;

/** The services that a question is about, sorted. Of endpoints also those that have no service. */
export function subjectsOf(store: Store, question: Question): Subject[] {
  const keys = question.name === "" ? [...store.keys()].sort() : [`${question.namespace}/${question.name}`];
  return keys.filter((key) => isAbout(question, key)).flatMap((key) => subjectOf(store, key) ?? []);
}

export function isAbout({ namespace, name }: Question, key: string): boolean {
  const [itsNamespace, itsName] = namesOf(key);
  return (namespace === "" || namespace === itsNamespace) && (name === "" || name === itsName);
}

/** Undefined where there is neither a service nor an endpoint. */
export function subjectOf(store: Store, key: string): Subject | undefined {
  const [service, slices] = [store.service(key), store.slicesOf(key)];
  return service || slices.length > 0 ? { key, service, slices, ports: () => store.portsOf(key) } : undefined;
}

export function tableOf({ of, wide }: Question, subjects: readonly Subject[], now: number): Table {
  const { columns, rows } = TABLES[of];
  return { columns: columns(wide), rows: subjects.flatMap((subject) => rows(subject, { wide, now })) };
}

/** In Kubernetes' shapes: Services, or EndpointSlices. */
export function objectsOf({ of }: Question, subjects: readonly Subject[]): object[] {
  if (of === "endpoints") return subjects.flatMap(({ slices }) => slices.map(sliceObject));
  return subjects.flatMap(({ service }) => (service ? [serviceObject(service)] : []));
}

/** One service by its name alone, as kubectl has it; else a list. */
export function documentOf(question: Question, subjects: readonly Subject[]): object {
  const objects = objectsOf(question, subjects);
  const [only] = objects;
  return question.of === "services" && question.name !== "" && only ? only : listObject(objects);
}
