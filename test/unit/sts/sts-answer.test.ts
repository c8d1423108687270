import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readStsAnswer, withoutAnswer } from "../../../src/sts/sts-answer.ts";

const now = 1_800_000_000;
const asked = { token: "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg", durationSeconds: 3600 };
const later = (seconds: number) => new Date((now + seconds) * 1000).toISOString().replace(".000", "");

const AWS = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>us-east-1:u</SubjectFromWebIdentityToken>
    <Audience>us-east-1:p</Audience>
    <AssumedRoleUser>
      <Arn>arn:aws:sts::123456789012:assumed-role/users/CognitoIdentityCredentials</Arn>
      <AssumedRoleId>AROACLKWSDQRAOEXAMPLE:CognitoIdentityCredentials</AssumedRoleId>
    </AssumedRoleUser>
    <Credentials>
      <AccessKeyId>ASIAEXAMPLE</AccessKeyId>
      <SecretAccessKey>secret/key+of=example</SecretAccessKey>
      <SessionToken>session//token==</SessionToken>
      <Expiration>${later(3600)}</Expiration>
    </Credentials>
    <Provider>arn:aws:iam::123456789012:oidc-provider/identity.example.com</Provider>
    <PackedPolicySize>25</PackedPolicySize>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata><RequestId>0</RequestId></ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>`;
const CEPH = `<?xml version="1.0" encoding="UTF-8"?><AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Provider>https://identity.example.com</Provider><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><Expiration>${later(3600).replace("Z", ".123456789Z")}</Expiration><SecretAccessKey>secret/key+of=example</SecretAccessKey><SessionToken>session//token==</SessionToken></Credentials><AssumedRoleUser><Arn>arn:aws:sts:::assumed-role/users/x</Arn><AssumeRoleId>y</AssumeRoleId></AssumedRoleUser><PackedPolicySize>0</PackedPolicySize></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;

function read(status: number, text: string | Uint8Array) {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return readStsAnswer({ status, bytes }, asked, now);
}

function failureOf(status: number, text: string | Uint8Array) {
  const answer = read(status, text);
  if (answer.ok) throw new Error("it is an answer");
  return answer.error;
}

const errorOf = (code: string, message = "") =>
  `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>0</RequestId></ErrorResponse>`;
const errorOfCeph = (code: string, message = "") =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message><RequestId>tx0</RequestId><HostId>h</HostId></Error>`;

describe("credentials", () => {
  it.each([
    ["AWS", AWS],
    ["Ceph", CEPH],
  ])("are read as %s writes them, and expire at a whole second", (_, text) => {
    expect(read(200, text)).toEqual({
      ok: true,
      value: {
        accessKeyId: "ASIAEXAMPLE",
        secretAccessKey: "secret/key+of=example",
        sessionToken: "session//token==",
        expiresAt: now + 3600,
      },
    });
  });

  it.each([3000, 3600, 3900])("may expire %i seconds from now", (seconds) => {
    expect(read(200, AWS.replace(later(3600), later(seconds)))).toMatchObject({ value: { expiresAt: now + seconds } });
  });

  it.each([1, 600, 2999])(
    "are of no use where they expire %i seconds from now: Amplify would use dead ones",
    (seconds) => {
      const text = AWS.replace(later(3600), later(seconds));
      expect(failureOf(200, text)).toEqual({ fault: "internal", reason: "sts-short-lived", isTransient: false });
    },
  );

  const member = (name: string) => new RegExp(`<${name}>[^<]*</${name}>`);
  it.each<readonly [string, (text: string) => string]>([
    ["an expiry now", (text: string) => text.replace(later(3600), later(0))],
    ["an expiry too late", (text: string) => text.replace(later(3600), later(3901))],
    ["blanks around the expiry", (text: string) => text.replace(later(3600), ` ${later(3600)} `)],
    ["an expiry without a zone", (text: string) => text.replace(later(3600), later(3600).slice(0, -1))],
    ["an expiry of another zone", (text: string) => text.replace(later(3600), later(3600).replace("Z", "+00:00"))],
    ["an expiry as a number", (text: string) => text.replace(later(3600), String(now + 3600))],
    [
      "an expiry of the thirteenth month",
      (text: string) => text.replace(/(?<year><Expiration>\d{4}-)\d\d/, "$<year>13"),
    ],
    ...["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"].flatMap((name) => [
      [`no ${name}`, (text: string) => text.replace(member(name), "")] as const,
      [`an empty ${name}`, (text: string) => text.replace(member(name), `<${name}/>`)] as const,
      [`${name} twice`, (text: string) => text.replace(member(name), (once) => once + once)] as const,
      [`${name} with an element`, (text: string) => text.replace(`</${name}>`, `<b/></${name}>`)] as const,
      [`blanks around ${name}`, (text: string) => text.replace(`</${name}>`, ` </${name}>`)] as const,
      [`${name} in two lines`, (text: string) => text.replace(`</${name}>`, `\nx</${name}>`)] as const,
      [`${name} beyond ASCII`, (text: string) => text.replace(`</${name}>`, `é</${name}>`)] as const,
      [`${name} outside`, (text: string) => `<a>${text.replace(member(name), "")}<${name}>x</${name}></a>`] as const,
    ]),
    ["a long key id", (text: string) => text.replace("ASIAEXAMPLE", "A".repeat(129))],
    ["a long secret", (text: string) => text.replace("secret/key", "s".repeat(257))],
    ["a long token", (text: string) => text.replace("session//token==", "t".repeat(16_385))],
    ["credentials twice", (text: string) => text.replace(/<Credentials>.*<\/Credentials>/s, (once) => once + once)],
    ["credentials in credentials", (text: string) => text.replace("<Credentials>", "<Credentials><Credentials/>")],
    ["credentials by another name", (text: string) => text.replaceAll("Credentials>", "Creds>")],
    ["a comment", (text: string) => text.replace("<Credentials>", "<!-- --><Credentials>")],
    ["JSON", () => '{"AssumeRoleWithWebIdentityResponse":{}}'],
    ["an error", () => errorOf("AccessDenied")],
    ["nothing", () => ""],
  ])("are none with %s: a fault of whoever answers", (_, spoil) => {
    const text = spoil(AWS);
    expect(text).not.toBe(AWS);
    expect(failureOf(200, text)).toEqual({ fault: "internal", reason: "sts-not-credentials", isTransient: false });
  });

  it.each(["2027-02-30T00:05:00Z", "2027-03-01T24:00:00Z"])("are none with an expiry at %s, of no calendar", (text) => {
    const soon = Date.parse("2027-03-01T23:05:00Z") / 1000;
    for (const [instant, isGood] of [
      [text, false],
      ["2027-03-02T00:05:00Z", true],
    ] as const) {
      const bytes = new TextEncoder().encode(AWS.replace(later(3600), instant));
      expect([instant, readStsAnswer({ status: 200, bytes }, asked, soon).ok]).toEqual([instant, isGood]);
    }
  });

  it.each([201, 204, 400, 403, 500])("are none with status %i", (status) => {
    expect(read(status, AWS)).toMatchObject({ ok: false, error: { fault: "internal" } });
  });
});

const NO_PROVIDER = "No OpenIDConnect provider found in your account for https://identity.example.com";
const NOT_VALIDATED =
  "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.";
const NO_KEY =
  "Couldn&apos;t retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";
const NOT_PINNED = "The target role ARN is not present in the roles claim of the identity token";

describe("errors", () => {
  it.each<[number, string, string, string, boolean]>([
    [403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", "configuration", false],
    [400, "InvalidIdentityToken", NO_PROVIDER, "configuration", false],
    [400, "InvalidIdentityToken", NOT_VALIDATED, "configuration", false],
    [400, "InvalidIdentityToken", "Incorrect token audience", "configuration", false],
    [400, "InvalidIdentityToken", NO_KEY, "external", true],
    [400, "InvalidIdentityToken", NOT_PINNED, "internal", false],
    [400, "InvalidIdentityToken", "principal_tags passed in claim is not in correct format.", "internal", false],
    [400, "InvalidIdentityToken", "Missing a required claim: aud", "internal", false],
    [400, "InvalidIdentityToken", "Invalid timestamp in token claims.", "internal", false],
    [400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see", "internal", false],
    [400, "InvalidIdentityToken", "Something new.", "configuration", false],
    [400, "InvalidIdentityToken", "", "configuration", false],
    [400, "ExpiredTokenException", "Token expired: current date/time 2 must be before 1", "internal", false],
    [400, "IDPCommunicationError", "", "external", true],
    [403, "IDPRejectedClaim", "", "configuration", false],
    [400, "MalformedPolicyDocument", "", "configuration", false],
    [400, "PackedPolicyTooLarge", "", "configuration", false],
    [403, "RegionDisabledException", "", "configuration", false],
    [400, "ValidationError", "", "configuration", false],
    [400, "InvalidArgument", "", "configuration", false],
    [404, "NoSuchThing", "", "configuration", false],
    [400, "Throttling", "Rate exceeded", "throttled", false],
    [503, "SlowDown", "", "throttled", false],
    [429, "Whatever", "", "throttled", false],
    [500, "InternalFailure", "", "internal", true],
    [503, "ServiceUnavailable", "", "internal", true],
    [400, "InternalFailure", "", "internal", true],
    [500, "AccessDenied", "", "internal", true],
  ])("%i %s (%s) is a fault of kind %s", (status, code, message, fault, isTransient) => {
    for (const text of [errorOf(code, message), errorOfCeph(code, message)]) {
      expect(failureOf(status, text)).toMatchObject({ fault, isTransient, reason: `sts-${code}` });
    }
  });

  it.each<[number, string, string, boolean]>([
    [403, "<html><body>Forbidden</body></html>", "internal", false],
    [400, '{"Error":{"Code":"AccessDenied"}}', "internal", false],
    [404, "", "internal", false],
    [403, errorOf("Access Denied"), "internal", false],
    [403, errorOf("A".repeat(65)), "internal", false],
    [403, "<Code>AccessDenied</Code>", "internal", false],
    [204, "", "internal", false],
    [502, "<html>Bad gateway</html>", "internal", true],
    [503, "", "internal", true],
    [429, "", "throttled", false],
  ])("%i %s, of which STS is not the author, is a fault of kind %s", (status, text, fault, isTransient) => {
    expect(failureOf(status, text)).toEqual({ fault, isTransient, reason: `sts-status-${status}` });
  });

  it("is the first error, where there are several", () => {
    const both = `<a>${errorOfCeph("One").slice(38)}${errorOfCeph("Two").slice(38)}</a>`;
    expect(failureOf(403, both)).toMatchObject({ reason: "sts-One" });
    expect(failureOf(403, "<Error><Code>One</Code><Code>Two</Code></Error>")).toMatchObject({ reason: "sts-One" });
  });

  it.each([
    ["connection", true],
    ["deadline", false],
    ["redirect", false],
    ["too-large", false],
    ["forbidden-address", false],
  ])("no answer (%s) is a fault of ours", (failure, isTransient) => {
    expect(withoutAnswer(failure)).toEqual({ fault: "internal", reason: `sts-${failure}`, isTransient });
  });
});

describe("the message for the log", () => {
  const messageOf = (message: string) => failureOf(403, errorOf("AccessDenied", message)).message;

  it("is STS's, of 200 printable characters", () => {
    expect(messageOf("Not authorized")).toBe("Not authorized");
    expect(messageOf("x".repeat(201))).toBe("x".repeat(200));
    expect(messageOf("a\nb\u00e9&#x7f;")).toBe("a?b??");
    expect(messageOf("")).toBeUndefined();
  });

  it.each([
    [`token ${asked.token} is bad`, "token *** is bad"],
    [`${"x".repeat(190)} ${asked.token}`, `${"x".repeat(190)} ***`],
    [`&#101;yJhbGciOiJSUzI1NiJ9.e30.x`, "***"],
    ["eyJhbGci%2EeyJzdWIi", "***"],
    [`signature ${asked.token.split(".")[2]}`, "signature ***"],
    ["grey Jay", "grey Jay"],
  ])("T46: of %s says %s", (message, told) => {
    expect(messageOf(message)).toBe(told);
  });
});

it("nothing of a hostile answer passes through but credentials in their bounds, a code, and a cut message", () => {
  const pieces = fc.constantFrom(
    "<Credentials>",
    "</Credentials>",
    "<AccessKeyId>A</AccessKeyId>",
    "<SecretAccessKey>S</SecretAccessKey>",
    "<SessionToken>T</SessionToken>",
    `<Expiration>${later(3200)}</Expiration>`,
    `<Expiration>${later(60_000)}</Expiration>`,
    "<Error><Code>AccessDenied</Code><Message>",
    "</Message></Error>",
    "<AccessKeyId>",
    "</AccessKeyId>",
    asked.token,
    "<!DOCTYPE a>",
    "&xxe;",
    "\0",
  );
  const text = fc
    .array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 12 })
    .map((parts) => `<a>${parts.join("")}</a>`);
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 599 }), text, (status, body) => {
      const answer = read(status, body);
      if (answer.ok) {
        const { expiresAt, ...texts } = answer.value;
        expect(status).toBe(200);
        expect(Object.values(texts).every((value) => /^[!-~]{1,16384}$/.test(value))).toBe(true);
        expect(expiresAt >= now + 3000 && expiresAt <= now + 3900 && Number.isInteger(expiresAt)).toBe(true);
      } else {
        const { reason, message = "" } = answer.error;
        expect(reason).toMatch(/^sts-[\w.-]{1,64}$/);
        expect(message).toMatch(/^[ -~]{0,200}$/);
        expect(message).not.toContain("eyJ");
      }
    }),
    { numRuns: 2000 },
  );
});
