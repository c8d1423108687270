import { describe, expect, it } from "vitest";
import { registry } from "../../../src/operations/registry.ts";
import { operations } from "../../../src/protocol/shapes.ts";
import { operationContext } from "../../support/operation-context.ts";

const context = operationContext();
const all = Object.entries(registry);

describe("the registry of operations", () => {
  it("says of each operation what the service model says: public or signed", () => {
    const modelled = Object.entries(operations).map(([name, { access }]) => [name, access]);
    expect(all.map(([name, { access }]) => [name, access])).toEqual(modelled);
  });

  it("T44: exactly these are open to everybody", () => {
    expect(all.filter(([, { access }]) => access === "public").map(([name]) => name)).toEqual([
      "GetCredentialsForIdentity",
      "GetId",
      "GetOpenIdToken",
      "UnlinkIdentity",
    ]);
  });

  it.each(all.filter(([, { access }]) => access === "signed"))(
    "%s does not run without a verified caller",
    async (_, operation) => {
      await expect(operation.run({}, context, null)).rejects.toThrow(/without a verified caller/);
    },
  );

  it.each(all)("%s checks the shape of its input before anything else", async (_, operation) => {
    const credential = { accessKeyId: "a", secretAccessKey: "secret-of-sixteen", operations: "*", pools: "*" } as const;
    const result = await operation.run(
      { IdentityPoolId: 7, IdentityId: 7, MaxResults: "x", IdentityIdsToDelete: {} },
      context,
      {
        credential,
        callKey: null,
        signature: "s",
        origin: "https://identity.example.com",
      },
    );
    expect(result).toMatchObject({
      ok: false,
      error: { type: expect.stringMatching(/^(ValidationException|SerializationException)$/) },
    });
  });
});
