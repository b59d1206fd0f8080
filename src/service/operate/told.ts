import { stringify } from "yaml";
import type { Store } from "../store/store.ts";
import { type Asked, type ControlAnswer, isSet, json, refused } from "./answer.ts";
import { documentOf, type Question, subjectsOf, tableOf } from "./ask.ts";
import { namesOf } from "./tables.ts";
import { Watch } from "./watch.ts";

/** Of how many objects YAML is made at a time: some milliseconds, in which nobody else is answered. */
const YAML_PART = 50;

/** GET /services/table, /services/objects, /endpoints/table, /endpoints/objects; undefined for other paths. */
export function tell(asked: Asked, store: Store, now: () => number): ControlAnswer | undefined {
  const question = questionOf(asked);
  if (!question) return undefined;
  if (isSet(asked, "watch")) return { status: 200, type: "application/jsonl", body: new Watch(store, question, now) };
  const subjects = subjectsOf(store, question);
  if (question.name !== "" && subjects.length === 0) return nowhere(store, question);
  if (question.as === "table") return json(200, tableOf(question, subjects, now()));
  const document = documentOf(question, subjects);
  if (asked.query("format") !== "yaml") return json(200, document);
  return { status: 200, type: "application/yaml", body: yamlOf(document) };
}

/** The items of a list one part after the other. */
async function* yamlOf({ items, ...rest }: { items?: readonly object[] }): AsyncGenerator<string, void> {
  yield stringify(items?.length === 0 ? { ...rest, items } : rest);
  if (!items?.length) return;
  yield "items:\n";
  for (let at = 0; at < items.length; at += YAML_PART) yield stringify(items.slice(at, at + YAML_PART));
}

function questionOf(asked: Asked): Question | undefined {
  const [, of, as] = /^\/(services|endpoints)\/(table|objects)$/.exec(asked.path) ?? [];
  if (of === undefined || as === undefined) return undefined;
  return {
    of: of as Question["of"],
    as: as as Question["as"],
    namespace: asked.query("namespace") ?? "",
    name: asked.query("name") ?? "",
    wide: isSet(asked, "wide"),
  };
}

/** Where one of that name is, if anywhere: a namespace that was not thought of is what is wrong mostly. */
function nowhere(store: Store, { namespace, name }: Question): ControlAnswer {
  const others = [...store.keys()].filter((key) => namesOf(key)[1] === name);
  const hint = others.length > 0 ? `; there is ${others.slice(0, 3).join(", ")}` : "";
  return refused(404, `there is no service ${namespace}/${name}${hint}`);
}
