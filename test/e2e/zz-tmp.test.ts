import { test } from "vitest";
import { missingPythonModule, need } from "../support/debian-tools.ts";
test("needs what is not there", async ({ skip }) => {
  need({ skip }, await missingPythonModule("no_such_module", "python3-nothing"));
  throw new Error("went on");
});
