/** TagResource, UntagResource and ListTagsForResource: the tags of an identity pool, which is named by an ARN. */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { type IdentityPoolId, parseIdentityPoolId } from "../domain/identifiers.ts";
import { areTags, INVALID_TAGS } from "../pools/pool-limits.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { poolRefusal, type SignedContext } from "./context.ts";
import { changePool, readNamedPool } from "./named-pool.ts";

/** An answer without members. */
type Answered = Readonly<Record<string, never>>;

export async function tagResource(
  { ResourceArn, Tags }: InputOf<"TagResource">,
  context: SignedContext,
): Promise<Result<Answered>> {
  const identityPoolId = taggedPool(ResourceArn, context);
  if (!identityPoolId.ok) return identityPoolId;
  const tags = Object.fromEntries(Tags);
  if (!areTags(tags)) return err(INVALID_TAGS);
  const changed = await changePool(context, identityPoolId.value, { kind: "tag", tags });
  return changed.ok ? ok({}) : changed;
}

export async function untagResource(
  { ResourceArn, TagKeys: keys }: InputOf<"UntagResource">,
  context: SignedContext,
): Promise<Result<Answered>> {
  const identityPoolId = taggedPool(ResourceArn, context);
  if (!identityPoolId.ok) return identityPoolId;
  const changed = await changePool(context, identityPoolId.value, { kind: "untag", keys });
  return changed.ok ? ok({}) : changed;
}

export async function listTagsForResource(
  { ResourceArn }: InputOf<"ListTagsForResource">,
  context: SignedContext,
): Promise<Result<OutputOf<"ListTagsForResource">>> {
  const identityPoolId = taggedPool(ResourceArn, context);
  if (!identityPoolId.ok) return identityPoolId;
  const pool = await readNamedPool(context, identityPoolId.value);
  return pool.ok ? ok({ Tags: pool.value.tags ?? {} }) : pool;
}

/** There is no account here, so that any is good, and none as well: Terraform writes none where it knows none. */
const POOL_ARN = /^arn:aws[a-z-]*:cognito-identity:([a-z0-9-]{1,18}):(?:\d{1,12})?:identitypool\/(\1:[0-9a-f-]{1,36})$/;

/** The pool that the ARN names, where the caller's credential may touch it. */
function taggedPool(resourceArn: string, context: SignedContext): Result<IdentityPoolId> {
  const identityPoolId = parseIdentityPoolId(POOL_ARN.exec(resourceArn)?.[2] ?? "");
  if (identityPoolId === undefined) return err(serviceError("InvalidParameterException", "Invalid ResourceArn."));
  // For the log line, as of a call that names the pool by its id: nothing but such an id has this form.
  context.note?.({ identityPoolId });
  return poolRefusal(context, identityPoolId) ?? ok(identityPoolId);
}
