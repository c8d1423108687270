/** Which logins a pair of `amr` can mean: whatever has colons, the one that it was minted for is among them. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import { developerLoginIdOf, loginIdOf } from "../../../src/domain/login.ts";
import { candidatesOf } from "../../../src/domain/own-login.ts";

const POOL = identityPoolIdOf("us-east-1", "11111111-1111-4111-8111-111111111111");

async function meant(providerName: string, longForm: string) {
  const own = { identityPoolId: POOL, pairs: [[providerName, longForm]] as const, principalTags: {} };
  const [candidates = []] = await candidatesOf(own, async (text) => text);
  return candidates;
}

const plain = async (text: string) => text;

describe("candidatesOf", () => {
  it.each([
    ["accounts.google.com", "accounts.google.com:client.apps:ann"],
    ["host.example", "arn:aws:iam::123456789012:oidc-provider/host.example:OIDC:ann"],
    [
      "cognito-idp.eu-central-1.amazonaws.com/eu-central-1_a",
      "cognito-idp.eu-central-1.amazonaws.com/eu-central-1_a:CognitoSignIn:ann",
    ],
    ["host.example", "host.example:https://api.example:8443/:ann"],
  ])("of %s, %s", async (providerName, longForm) => {
    const loginId = await loginIdOf(POOL, providerName, "ann", plain);
    expect(await meant(providerName, longForm)).toContainEqual({
      providerName,
      subject: "ann",
      loginId,
      amr: [providerName, longForm],
    });
  });

  it("has the developer's user where the form says that a developer vouched, and only there", async () => {
    const longForm = `login.company:${POOL}:ann`;
    const loginId = await developerLoginIdOf(POOL, "login.company", "ann", plain);
    const developers = (await meant("login.company", longForm)).filter(({ isDeveloper }) => isDeveloper === true);
    expect(developers).toEqual([
      { providerName: "login.company", subject: "ann", loginId, isDeveloper: true, amr: ["login.company", longForm] },
    ]);
    expect((await meant("login.company", "login.company:client:ann")).some((one) => one.isDeveloper)).toBe(false);
    expect((await meant("p", longForm)).some((one) => one.isDeveloper)).toBe(false);
  });

  it("has the subject whatever colons it has, and its long form always ends in the subject", async () => {
    const piece = fc.constantFrom("a", "b", "", "us-east-1");
    const text = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(":"));
    await fc.assert(
      fc.asyncProperty(text, text, async (client, subject) => {
        const longForm = `p:${client}:${subject}`;
        const candidates = await meant("p", longForm);
        expect(candidates.map((one) => one.subject)).toContain(subject);
        expect(candidates.every((one) => longForm.endsWith(`:${one.subject}`))).toBe(true);
      }),
    );
  });

  it("is not made to work by a subject of a thousand colons", async () => {
    expect((await meant("p", `p:client:${":".repeat(1000)}`)).length).toBe(32);
  });
});
