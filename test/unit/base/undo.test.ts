import { expect, test } from "bun:test";
import { settle, Undo } from "../../../src/base/undo.ts";

function recorder() {
  const log: string[] = [];
  const step = (name: string) => () => void log.push(name);
  const failing = (name: string) => () => {
    log.push(name);
    throw new Error(name);
  };
  return { log, step, failing };
}

test("rollback() runs the inverses last first", () => {
  const { log, step } = recorder();
  const undo = new Undo();
  for (const name of ["first", "second", "third"]) undo.push(step(name));
  expect(undo.rollback()).toEqual([]);
  expect(log).toEqual(["third", "second", "first"]);
});

test("rollback() tries every inverse and gives what failed", () => {
  const { log, step, failing } = recorder();
  const undo = new Undo();
  undo.push(step("first"));
  undo.push(failing("second"));
  undo.push(failing("third"));
  expect(undo.rollback()).toEqual([new Error("third"), new Error("second")]);
  expect(log).toEqual(["third", "second", "first"]);
});

test("rollback() takes back only once", () => {
  const { log, step } = recorder();
  const undo = new Undo();
  undo.push(step("first"));
  undo.rollback();
  expect(undo.rollback()).toEqual([]);
  expect(log).toEqual(["first"]);
});

test("commit() leaves nothing to take back", () => {
  const { log, step } = recorder();
  const undo = new Undo();
  undo.push(step("before"));
  undo.commit();
  expect(undo.rollback()).toEqual([]);
  undo.push(step("after"));
  undo.rollback();
  expect(log).toEqual(["after"]);
});

test("settle() goes on after a failure and keeps the order", () => {
  const { log, step, failing } = recorder();
  expect(settle([step("a"), failing("b"), step("c"), failing("d")])).toEqual([new Error("b"), new Error("d")]);
  expect(log).toEqual(["a", "b", "c", "d"]);
});
