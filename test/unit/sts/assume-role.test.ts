import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { productionUpstreams } from "../../../src/outbound/upstream-policy.ts";
import { assumeRole, type StsSettings, type StsTools } from "../../../src/sts/assume-role.ts";

const NOW = 1_800_000_000.5;
const settings: StsSettings = {
  url: "https://sts.us-east-1.amazonaws.com",
  durationSeconds: 3600,
  guestPolicy: "",
  guestPolicyArns: [],
};
const request = {
  roleArn: "arn:aws:iam::123456789012:role/apps/users",
  sessionName: "CognitoIdentityCredentials",
  token: "eyJh.eyJz.c2ln",
  isGuest: false,
};
const CREDENTIALS =
  "<R><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken><Expiration>2027-01-15T09:00:00Z</Expiration></Credentials></R>";
const errorOf = (code: string, message = "m") => `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;

type Step = { readonly status: number; readonly text: string } | "refused" | "silent";
const good: Step = { status: 200, text: CREDENTIALS };
const passing: Step = { status: 503, text: errorOf("ServiceUnavailable") };

function bodyOf({ body }: RequestInit): string {
  return typeof body === "string" ? body : "";
}

/** What came of it, where STS answers in these steps, and the last one again and again. */
async function ask(steps: readonly Step[], tools: Partial<StsTools> = {}, given: StsSettings = settings) {
  const asked: { readonly url: string; readonly init: RequestInit }[] = [];
  const pauses: number[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const step = steps[Math.min(asked.length, steps.length - 1)] ?? "refused";
    asked.push({ url, init });
    if (step === "refused") throw new TypeError("connection refused");
    if (step === "silent") return await new Promise(() => {});
    const isNull = step.status === 204;
    return new Response(isNull ? null : step.text, { status: step.status });
  };
  const pause = async (ms: number) => void pauses.push(ms);
  const surroundings = { now: () => NOW, random: () => 0.5, upstreams: productionUpstreams };
  const assumed = await assumeRole(request, given, { fetch, pause, ...surroundings, ...tools });
  return { assumed, asked, pauses };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("assumeRole", () => {
  it("posts one form to the address of the settings, and follows no redirect", async () => {
    const { assumed, asked } = await ask([good]);
    expect(assumed).toEqual({
      credentials: {
        ok: true,
        value: { accessKeyId: "A", secretAccessKey: "S", sessionToken: "T", expiresAt: 1_800_003_600 },
      },
      trace: { role: "users", status: 200, durationMs: 0, sessionSeconds: 3599, message: undefined },
    });
    const [{ url, init } = { url: "", init: {} }] = asked;
    expect([asked.length, url]).toEqual([1, "https://sts.us-east-1.amazonaws.com/"]);
    expect(init).toMatchObject({
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/xml, text/xml" },
    });
    expect(new URLSearchParams(bodyOf(init)).get("WebIdentityToken")).toBe(request.token);
  });

  it("asks nobody where there is no address", async () => {
    const { assumed, asked } = await ask([good], {}, { ...settings, url: null });
    expect(assumed.credentials).toMatchObject({
      error: { type: "InvalidIdentityPoolConfigurationException", reason: "no-sts" },
    });
    expect(asked).toEqual([]);
  });

  it.each(["http://sts.example", "https://127.0.0.1", "https://localhost", "https://[::1]", "https://sts.internal"])(
    "asks nobody at %s (T23)",
    async (url) => {
      const { assumed, asked } = await ask([good], {}, { ...settings, url });
      expect(assumed.credentials).toMatchObject({ error: { reason: "sts-forbidden-address" } });
      expect(asked).toEqual([]);
    },
  );

  it.each<[string, Step]>([
    ["a passing fault", passing],
    ["a connection that fails", "refused"],
    ["an issuer that STS could not reach", { status: 400, text: errorOf("IDPCommunicationError") }],
  ])("asks once more after %s, 100 to 300 ms later", async (_, first) => {
    for (const [random, ms] of [
      [0, 100],
      [0.5, 200],
      [0.999, 299.8],
    ] as const) {
      const { assumed, asked, pauses } = await ask([first, good], { random: () => random });
      expect(assumed.credentials.ok).toBe(true);
      expect([asked.length, pauses]).toEqual([2, [ms]]);
      expect(asked[1]?.init.body).toBe(asked[0]?.init.body);
    }
  });

  it("asks never a third time", async () => {
    const { assumed, asked } = await ask([passing]);
    expect(asked).toHaveLength(2);
    expect(assumed).toMatchObject({
      credentials: { error: { type: "InternalErrorException", reason: "sts-ServiceUnavailable" } },
      trace: { status: 503, message: "m" },
    });
  });

  it.each<[string, Step, object]>([
    [
      "no access",
      { status: 403, text: errorOf("AccessDenied", "Not authorized") },
      {
        type: "InvalidIdentityPoolConfigurationException",
        message: "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
        reason: "sts-AccessDenied",
      },
    ],
    [
      "throttling",
      { status: 400, text: errorOf("Throttling") },
      { type: "TooManyRequestsException", message: "Rate exceeded", reason: "sts-Throttling", retryAfterSeconds: 1 },
    ],
    [
      "a redirect",
      { status: 307, text: "" },
      { type: "InternalErrorException", message: "An internal error occurred.", reason: "sts-redirect" },
    ],
    [
      "a body without an end",
      { status: 200, text: " ".repeat(64 * 1024 + 1) },
      { type: "InternalErrorException", message: "An internal error occurred.", reason: "sts-too-large" },
    ],
    [
      "no credentials",
      { status: 200, text: "<html/>" },
      { type: "InternalErrorException", message: "An internal error occurred.", reason: "sts-not-credentials" },
    ],
  ])("asks once, and never again, after %s", async (_, step, error) => {
    const { assumed, asked } = await ask([step, good]);
    expect(asked).toHaveLength(1);
    expect(assumed.credentials).toEqual({ ok: false, error });
  });

  it("says that STS could not reach this service, after a second try", async () => {
    const { assumed, asked } = await ask([{ status: 400, text: errorOf("IDPCommunicationError") }]);
    expect(asked).toHaveLength(2);
    expect(assumed.credentials).toMatchObject({
      error: {
        type: "ExternalServiceException",
        message: "The security token service could not reach this issuer.",
        reason: "sts-IDPCommunicationError",
      },
    });
  });

  it("waits five seconds for both questions together, and leaves no timer", async () => {
    const silent = ask(["silent"]);
    await vi.advanceTimersByTimeAsync(4999);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect((await silent).assumed).toMatchObject({ credentials: { error: { reason: "sts-deadline" } } });
    expect((await silent).asked).toHaveLength(1);

    const slow = ask([passing, "silent"], { pause: async (ms) => await new Promise((done) => setTimeout(done, ms)) });
    await vi.advanceTimersByTimeAsync(4999);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    const { assumed, asked } = await slow;
    expect(assumed).toMatchObject({ credentials: { error: { reason: "sts-deadline" } }, trace: { durationMs: 5000 } });
    expect([asked.length, vi.getTimerCount()]).toEqual([2, 0]);
  });

  it("does not ask once more where hardly any time is left", async () => {
    const late = async (): Promise<Response> => {
      await new Promise((done) => setTimeout(done, 4400));
      return new Response("", { status: 503 });
    };
    let count = 0;
    const outcome = ask([], {
      fetch: async () => {
        count += 1;
        return await late();
      },
    });
    await vi.advanceTimersByTimeAsync(4400);
    expect((await outcome).assumed.credentials.ok).toBe(false);
    expect(count).toBe(1);
  });
});
