/** What a token of this service says of the logins that it was given for, and which logins of an identity can be meant by it. */
import type { Hash } from "./digest.ts";
import type { IdentityPoolId } from "./identifiers.ts";
import { developerLoginIdOf, loginIdOf, type VerifiedLogin } from "./login.ts";
import type { PrincipalTags } from "./principal-tags.ts";

export type OwnLogin = {
  readonly identityPoolId: IdentityPoolId;
  /** The pairs of `amr`: provider name and long form. */
  readonly pairs: readonly (readonly [providerName: string, longForm: string])[];
  readonly principalTags: PrincipalTags;
};

/**
 * Most places at which a long form is taken apart: prefixes have nine colons at most where no client id has any, and a subject with
 * very many must not cost a hash for each.
 */
const MAX_COLONS = 32;

/**
 * The logins that each pair can mean. A long form ends in `:subject`, and both what stands before it and the subject itself may have
 * colons; only a record tells which of these logins the identity has.
 */
export async function candidatesOf(
  { identityPoolId, pairs }: OwnLogin,
  hash: Hash,
): Promise<readonly (readonly VerifiedLogin[])[]> {
  return await Promise.all(
    pairs.map(async ([providerName, longForm]) => {
      const amr = [providerName, longForm];
      const prefix = `${providerName}:${identityPoolId}:`;
      const publicOnes = subjectsIn(longForm).map(async (subject): Promise<VerifiedLogin> => {
        return { providerName, subject, loginId: await loginIdOf(identityPoolId, providerName, subject, hash), amr };
      });
      if (!longForm.startsWith(prefix)) return await Promise.all(publicOnes);
      const subject = longForm.slice(prefix.length);
      const loginId = await developerLoginIdOf(identityPoolId, providerName, subject, hash);
      return [{ providerName, subject, loginId, isDeveloper: true, amr }, ...(await Promise.all(publicOnes))];
    }),
  );
}

/** What stands after a colon, the longest first. */
function subjectsIn(longForm: string): readonly string[] {
  const [, ...pieces] = longForm.split(":");
  return pieces.slice(0, MAX_COLONS).map((_, index) => pieces.slice(index).join(":"));
}
