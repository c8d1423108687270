/** The session tags of a call: which claims of the verified logins the pool maps to which tags. Pure. */
import { err, ok, type Result } from "./errors.ts";
import { isKeyOf, type LoginEvidence, textsOf } from "./login-evidence.ts";
import type { PoolAccess, PrincipalTagMap } from "./pool-access.ts";
import type { TaggedRefusal } from "./refusals.ts";
import { isTagKey, isTagText } from "./tag-text.ts";

export type PrincipalTags = Readonly<Record<string, string>>;

type Pair = readonly [tag: string, value: string];

/** `UseDefaults` (developer guide, "Using attributes for access control"). Of Twitter `aud` is the consumer key alone. */
const DEFAULT_TAGS: PrincipalTags = { client: "aud", username: "sub" };
/** STS, `AssumeRoleWithWebIdentity`: in characters. Judged here already, it is a refusal that says which tag. */
const MAX_VALUE_LENGTH = 256;

/**
 * One text each, and never one that is put together: a claim that is absent, empty, an object or a list of several gives no tag. A
 * value that no tag can have, or that two logins do not agree on, refuses the call: a policy must not be met by a tag less.
 */
export function principalTagsOf(
  maps: PoolAccess["principalTagMaps"],
  logins: readonly LoginEvidence[],
): Result<PrincipalTags, TaggedRefusal> {
  return tagsOfSession(
    Object.entries(maps).flatMap(([key, map]) =>
      logins.filter((login) => isKeyOf(key, login)).flatMap((login) => tagsIn(map, login)),
    ),
  );
}

/** These together, as STS would take them; wherever they are from, it takes no others. */
export function tagsOfSession(pairs: readonly Pair[]): Result<PrincipalTags, TaggedRefusal> {
  const tags = new Map<string, string>();
  /** IAM compares tag keys without case. */
  const keys = new Map<string, string>();
  for (const [tag, value] of pairs) {
    if (!isTagKey(tag) || value.length > MAX_VALUE_LENGTH || !isTagText(value)) {
      return err({ kind: "tag-refused", tag, fault: "is not valid" });
    }
    const sameKey = keys.get(tag.toLowerCase()) ?? tag;
    if (sameKey !== tag || (tags.get(tag) ?? value) !== value) {
      return err({ kind: "tag-refused", tag, fault: "conflicts" });
    }
    keys.set(tag.toLowerCase(), tag);
    tags.set(tag, value);
  }
  return ok(Object.fromEntries(tags));
}

/** With a signed caller's tags beside them: of the same key those win. */
export function tagsWith(given: PrincipalTags, mapped: PrincipalTags): PrincipalTags {
  const keys = new Set(Object.keys(given).map((tag) => tag.toLowerCase()));
  const others = Object.entries(mapped).filter(([tag]) => !keys.has(tag.toLowerCase()));
  return Object.fromEntries([...Object.entries(given), ...others]);
}

function tagsIn({ useDefaults, principalTags }: PrincipalTagMap, login: LoginEvidence): readonly Pair[] {
  const claims = login.claims();
  return Object.entries(useDefaults ? DEFAULT_TAGS : principalTags).flatMap(([tag, claim]) => {
    const value = claims.get(claim);
    const [text = "", ...others] = textsOf(value);
    const isOne = others.length === 0 && (!Array.isArray(value) || value.length === 1);
    return isOne && text !== "" ? [[tag, text] as const] : [];
  });
}
