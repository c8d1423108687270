/**
 * The calls that an app makes for a token or credentials, one after the other, each with how it went. They are not signed; the one
 * by which a backend vouches for its own user is, with the key of whoever is signed in.
 */
import { type Answer, call } from "./api.ts";
import type { InputOf } from "./wire.ts";

export type Flow = "token" | "credentials";

export const BY_BACKEND = "GetOpenIdTokenForDeveloperIdentity";

/** What a token of this service stands under among the logins. */
export const OWN_PROVIDER = "cognito-identity.amazonaws.com";

type Operation = "GetId" | "GetOpenIdToken" | "GetCredentialsForIdentity" | typeof BY_BACKEND;

export type Step = {
  readonly operation: Operation;
  readonly input: InputOf<Operation>;
  /** Null while it is awaited. */
  readonly answer: Answer<Operation> | null;
  readonly durationMs: number | null;
};

export type Wish = {
  readonly identityPoolId: string;
  /** Empty: GetId is asked for it. */
  readonly identityId: string;
  readonly logins: Readonly<Record<string, string>>;
  readonly flow: Flow;
  /** A user of the pool's developer provider, whom the backend vouches for. */
  readonly developerLogin: Readonly<Record<string, string>> | null;
};

/** Tells `show` of all steps so far, each time that one begins or ends. Whether the last was answered. */
export async function runMint(wish: Wish, show: (steps: readonly Step[]) => void): Promise<boolean> {
  const steps: Step[] = [];
  const run = async <Name extends Operation>(operation: Name, input: InputOf<Name>): Promise<Answer<Name>> => {
    steps.push({ operation, input, answer: null, durationMs: null });
    show([...steps]);
    const startedAt = performance.now();
    const answer = await (operation === BY_BACKEND ? call(operation, input) : call(operation, input, { key: null }));
    steps[steps.length - 1] = { operation, input, answer, durationMs: performance.now() - startedAt };
    show([...steps]);
    return answer;
  };
  const logins = Object.keys(wish.logins).length > 0 ? { Logins: wish.logins } : {};
  let { identityId } = wish;
  if (wish.developerLogin !== null) {
    const named = identityId === "" ? {} : { IdentityId: identityId };
    const all = { ...wish.logins, ...wish.developerLogin };
    const vouched = await run(BY_BACKEND, { IdentityPoolId: wish.identityPoolId, ...named, Logins: all });
    if (!vouched.ok || wish.flow === "token") return vouched.ok;
    const { IdentityId = "", Token = "" } = vouched.output;
    return (await run("GetCredentialsForIdentity", { IdentityId, Logins: { [OWN_PROVIDER]: Token } })).ok;
  }
  if (identityId === "") {
    const found = await run("GetId", { IdentityPoolId: wish.identityPoolId, ...logins });
    if (!found.ok || found.output.IdentityId === undefined) return false;
    identityId = found.output.IdentityId;
  }
  const operation = wish.flow === "token" ? "GetOpenIdToken" : "GetCredentialsForIdentity";
  return (await run(operation, { IdentityId: identityId, ...logins })).ok;
}

/** A login token of the development issuer for somebody of this name. Text: why there is none. */
export async function signInLocally(name: string): Promise<{ providerName: string; token: string } | string> {
  try {
    const response = await fetch("/development/issuer/sign-in", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name }),
    });
    const body = (await response.json()) as { providerName: string; token: string; error?: string };
    return response.ok ? body : (body.error ?? `The development issuer answers with the status ${response.status}.`);
  } catch {
    return "The development issuer could not be reached.";
  }
}
