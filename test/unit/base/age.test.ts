import { expect, test } from "bun:test";
import { ageText } from "../../../src/base/age.ts";

test("ageText() says an age as kubectl does, in the largest unit of which there are two", () => {
  const said = [-1, 0, 5.9, 119, 120, 7199, 7200, 172_799, 172_800, 1_000_000].map(ageText);
  expect(said).toEqual(["0s", "0s", "5s", "119s", "2m", "119m", "2h", "47h", "2d", "11d"]);
});
