import { expect, it } from "vitest";
import { noneBefore } from "../../../src/domain/release-before.ts";

it("is the answer, nothing where the method is missing, and else the failure", async () => {
  expect(await noneBefore(Promise.resolve([1, 2]))).toEqual([1, 2]);
  const missing = new TypeError('The RPC receiver does not implement the method "importing".');
  expect(await noneBefore(Promise.reject(missing))).toEqual([]);
  await expect(noneBefore(Promise.reject(new Error("overloaded")))).rejects.toThrow("overloaded");
});
