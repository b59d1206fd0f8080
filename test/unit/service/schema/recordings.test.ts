/** What an API server of Kubernetes 1.26 once said (../shared/reference/k8s-recordings) is read: lists, and the objects of watches. */
import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readDocument } from "../../../../src/service/schema/read.ts";
import { needs } from "../../../support/needs.ts";

/** BERTH_RECORDINGS names another folder. */
const FOLDER = process.env.BERTH_RECORDINGS ?? join(import.meta.dir, "../../../../../shared/reference/k8s-recordings");

const test = needs({
  what: `the recordings in ${FOLDER} (BERTH_RECORDINGS names another folder)`,
  met: () => existsSync(join(FOLDER, "list-services.json")),
});

const textOf = (name: string) => readFileSync(join(FOLDER, name), "utf8");

test("lists are read without a problem", () => {
  const services = readDocument(JSON.parse(textOf("list-services.json")), "services");
  expect(services.problems).toEqual([]);
  expect(services.records.map(({ key }) => key)).toEqual(["default/api", "default/kubernetes", "default/web"]);
  const slices = readDocument(JSON.parse(textOf("list-endpointslices.json")), "slices");
  expect(slices.problems).toEqual([]);
  expect(slices.records).toMatchObject([
    {
      key: "default/api-stkmt",
      service: "default/api",
      endpoints: [
        { address: "10.22.0.1", ready: true, terminating: false },
        { address: "10.22.0.2", ready: false, serving: true, terminating: true },
      ],
    },
  ]);
});

test("what a watch tells of is read like a file, and the end of a watch is no object of theirs", () => {
  for (const name of ["watch-endpointslices.jsonl", "watch-rv0.jsonl"]) {
    const events = textOf(name)
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.length).toBeGreaterThan(0);
    for (const { object } of events) {
      expect(readDocument(object, name)).toMatchObject({
        problems: [],
        records: [{ key: `default/${object.metadata.name}`, ports: [{ name: "http", port: 8080 }] }],
      });
    }
  }
  expect(readDocument(JSON.parse(textOf("watch-410.jsonl")).object, "410").problems).toEqual([
    '410: kind: "Status": expected Service, EndpointSlice or a List of them',
  ]);
});
