import { expect, it } from "vitest";
import { relative } from "../../../console/relative-time.ts";

const NOW = 1_800_000_000;

it.each([
  [0, "now"],
  [-59, "now"],
  [59, "now"],
  [-60, "1 minute ago"],
  [-7199, "1 hour ago"],
  [3600, "in 1 hour"],
  [-86_400, "yesterday"],
  [-10 * 86_400, "10 days ago"],
  [-400 * 86_400, "last year"],
])("%i seconds from now is %s", (seconds, words) => {
  expect(relative(NOW + seconds, NOW)).toBe(words);
});
