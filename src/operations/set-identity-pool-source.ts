/** SetIdentityPoolSource, an extension of this service: the identity pool at Cognito that a pool's users come from. */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import type { IdentityPoolId } from "../domain/identifiers.ts";
import { isAmazonPoolId, MAX_SOURCED_POOLS, type PoolSource } from "../domain/pool-source.ts";
import { canonicalName } from "../domain/provider-name.ts";
import { poolDirectoryOf } from "../pools/pool-directory.ts";
import type { ExtensionInputOf, ExtensionOutputOf } from "../protocol/extensions.ts";
import { identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";
import { changePool } from "./named-pool.ts";

type Input = ExtensionInputOf<"SetIdentityPoolSource">;
type SourceMembers = NonNullable<Input["Source"]>;
type SourceOutput = NonNullable<ExtensionOutputOf<"SetIdentityPoolSource">["Source"]>;

/** InvalidParameterException for a source that cannot be one, LimitExceededException for one pool with a source too many. */
export async function setIdentityPoolSource(
  { IdentityPoolId, Source }: Input,
  context: SignedContext,
): Promise<Result<ExtensionOutputOf<"SetIdentityPoolSource">>> {
  const identityPoolId = identityPoolIdOfInput(IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const source = Source === undefined ? null : sourceOf(Source, identityPoolId);
  if (source !== null) {
    const checked = checkSource(source, context.config.region);
    if (!checked.ok) return checked;
    // What comes from a source, and is deleted there, is its pool's: whoever may not touch that one has no say in it.
    const refusalOfSource = poolRefusal(context, source.identityPoolId);
    if (refusalOfSource !== null) return refusalOfSource;
    if (await isOneTooMany(identityPoolId, context)) return err(TOO_MANY_SOURCES);
  }
  const changed = await changePool(context, identityPoolId, { kind: "source", source });
  if (!changed.ok) return changed;
  return ok(source === null ? {} : { Source: sourceAs(source) });
}

const TOO_MANY_SOURCES = serviceError(
  "LimitExceededException",
  `At most ${MAX_SOURCED_POOLS} identity pools can have a source at once.`,
);

function sourceOf(members: SourceMembers, ownId: IdentityPoolId): PoolSource {
  const { IdentityPoolId, Proof, Guests, UnknownIds, Providers } = members;
  return {
    identityPoolId: IdentityPoolId === undefined ? ownId : identityPoolIdOfInput(IdentityPoolId),
    proof: Proof === "Credentials" ? "credentials" : "open-id-token",
    guests: Guests === "Local" ? "local" : "source",
    unknownIds: UnknownIds === "Imported" ? "imported" : "ask",
    providers: Providers.map(canonicalName),
  };
}

/** As it is stored. */
export function sourceAs({ identityPoolId, proof, guests, unknownIds, providers }: PoolSource): SourceOutput {
  return {
    IdentityPoolId: identityPoolId,
    Proof: proof === "credentials" ? "Credentials" : "OpenIdToken",
    Guests: guests === "local" ? "Local" : "Source",
    UnknownIds: unknownIds === "imported" ? "Imported" : "Ask",
    Providers: providers,
  };
}

function checkSource({ identityPoolId, proof, unknownIds, providers }: PoolSource, region: string): Result<void> {
  if (!isAmazonPoolId(identityPoolId)) return invalid("The source must be an identity pool of Amazon Cognito.");
  if (poolDirectoryOf(identityPoolId) !== region) {
    return invalid(`The source must be in this service's region, ${region}: it gives the ids, which begin with it.`);
  }
  if (proof === "credentials" && unknownIds !== "imported") {
    return invalid("Proof Credentials needs UnknownIds Imported: nothing else ties the id of a guest to the source.");
  }
  return new Set(providers).size < providers.length ? invalid("Duplicate entries at 'Providers'.") : ok(undefined);
}

function invalid(message: string): Result<never> {
  return err(serviceError("InvalidParameterException", message));
}

/** By what the directory has heard, which may be a moment ago. */
async function isOneTooMany(identityPoolId: IdentityPoolId, { config, objects }: SignedContext): Promise<boolean> {
  const sourced = await objects.poolDirectory(config.region).sourced();
  return sourced.length >= MAX_SOURCED_POOLS && !sourced.includes(identityPoolId);
}
