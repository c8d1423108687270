/** Amazon Cognito as a script: what it is asked is noted, and it says of each question what a test has it say. */
import { env } from "cloudflare:workers";
import { type IdentityPoolId, identityPoolIdOf } from "../../src/domain/identifiers.ts";
import type { PoolSource } from "../../src/domain/pool-source.ts";
import { isolate } from "../../src/isolate.ts";
import type { FakeUpstream } from "./fake-upstream.ts";
import { base64url } from "./login-tokens.ts";

const ADDRESS = "https://cognito-identity.us-east-1.amazonaws.com/";

export type Question = { readonly operation: string; readonly input: Readonly<Record<string, unknown>> };
/** The id that it answers with, or an exception. */
type Saying = string | { readonly __type: string; readonly message: string };

export class FakeCognito {
  readonly identityPoolId: IdentityPoolId = identityPoolIdOf("us-east-1", crypto.randomUUID());
  readonly asked: Question[] = [];
  /** Of whom its tokens are said to be. */
  audience: string = this.identityPoolId;
  #say: (question: Question) => Saying | Promise<Saying> = () => ({ __type: "InternalErrorException", message: "" });

  constructor(upstream: FakeUpstream) {
    upstream.serve(ADDRESS, async (init) => {
      const operation = new Headers(init?.headers).get("x-amz-target")?.split(".")[1] ?? "";
      const question: Question = { operation, input: JSON.parse(typeof init?.body === "string" ? init.body : "{}") };
      this.asked.push(question);
      return await this.#answer(question);
    });
  }

  /** Its settings as a source of these providers. */
  source(providers: readonly string[], changes: Partial<PoolSource> = {}): PoolSource {
    const { identityPoolId } = this;
    return { identityPoolId, proof: "open-id-token", guests: "source", unknownIds: "ask", providers, ...changes };
  }

  /** From now on. */
  says(say: Saying | ((question: Question) => Saying | Promise<Saying>)): void {
    this.#say = typeof say === "function" ? say : () => say;
  }

  async #answer(question: Question): Promise<Response> {
    const said = await this.#say(question);
    if (typeof said !== "string") return Response.json(said, { status: 400 });
    if (question.operation !== "GetOpenIdToken") return Response.json({ IdentityId: said, Credentials: {} });
    const names = Object.keys(Object(question.input["Logins"]));
    const amr = names.length === 0 ? ["unauthenticated"] : ["authenticated", ...names];
    return Response.json({ IdentityId: said, Token: unsigned({ sub: said, aud: this.audience, amr }) });
  }
}

/** No pool of the region has a source from now on, as far as this isolate knows. */
export async function endSources(): Promise<void> {
  for (const identityPoolId of await env.POOL_DIRECTORY.getByName("us-east-1").sourced()) {
    await env.IDENTITY_POOL.getByName(identityPoolId).change({ kind: "source", source: null });
    isolate.pools.forget(identityPoolId);
  }
  isolate.sourcedPools.delete("us-east-1");
}

/** Nobody looks at its signature. */
function unsigned(claims: object): string {
  const header = { kid: "us-east-11", typ: "JWS", alg: "RS512" };
  return [JSON.stringify(header), JSON.stringify(claims), "signature"].map((part) => base64url(part)).join(".");
}
