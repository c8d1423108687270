/** Bugs to plant (mutants.ts): in who is given which role, in the tags, and in when and how often that is decided. */
import type { Mutant } from "./mutants-of-merges.ts";

const CHOICE = "src/domain/role-choice.ts";
const TAGS = "src/domain/principal-tags.ts";
const ACTOR = "src/linking/identity-actor.ts";
const CALLS = "src/linking/identity-calls.ts";
const OBTAIN = "src/linking/obtain-grant.ts";

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file, find, replace }] };
}

export const MUTANTS_OF_ROLES: readonly Mutant[] = [
  mutant(
    "a role that is asked for by name is believed to be open",
    CHOICE,
    "return isOpen ? ok(customRoleArn) :",
    "return isOpen || votes.length > 0 ? ok(customRoleArn) :",
  ),
  mutant(
    "a role that is asked for by name is given where nothing chooses",
    CHOICE,
    "const isForbidden = customRoleArn !== undefined && customRoleArn !== roleArn;",
    "if (customRoleArn !== undefined) return ok(customRoleArn);\n  const isForbidden = customRoleArn !== undefined && customRoleArn !== roleArn;",
  ),
  mutant(
    "a guest is given the users' role",
    CHOICE,
    "if (logins.length === 0) return theOne(roles.unauthenticated,",
    "if (logins.length === 0) return theOne(roles.authenticated,",
  ),
  mutant(
    "a login whose mapping denies is outvoted",
    CHOICE,
    "if (denials.length > 0) return denied(denials);",
    "if (denials.length === votes.length) return denied(denials);",
  ),
  mutant(
    "of two roles the first is given",
    CHOICE,
    "return given.every((roleArn) => roleArn === first)",
    "return given.some((roleArn) => roleArn === first)",
  ),
  mutant(
    "a mapping is for whoever logs in",
    CHOICE,
    "logins.filter((login) => isKeyOf(mapping, login)).map(",
    "logins.map(",
  ),
  mutant(
    "the tag of a list is its elements, joined",
    TAGS,
    'const [text = "", ...others] = textsOf(value);\n    const isOne = others.length === 0 && (!Array.isArray(value) || value.length === 1);',
    'const text = textsOf(value).join(" ");\n    const isOne = true;',
  ),
  mutant(
    "of two users of one tag the later one counts",
    TAGS,
    "if (sameKey !== tag || (tags.get(tag) ?? value) !== value) {",
    "if (sameKey !== tag) {",
  ),
  mutant(
    "a role is refused after the logins were linked",
    ACTOR,
    "    if (!access.ok) return refused(access.error);\n    return await this.#deliveringAfter(grantToLogins(this.#parts, identityId, pool, logins, access.value));",
    "    const given = access.ok ? access.value : {};\n    const granted = await this.#deliveringAfter(grantToLogins(this.#parts, identityId, pool, logins, given));\n    return access.ok ? granted : refused(access.error);",
  ),
  mutant(
    "what logins give is forgotten where another identity has them",
    OBTAIN,
    "        note(reply);\n",
    "        note({ identityPoolId, logins });\n",
  ),
  mutant(
    "what logins give is forgotten where the identity was busy",
    OBTAIN,
    "decided = { ...decided, ...accessIn(told) };",
    "decided = accessIn(told);",
  ),
  mutant(
    "a token of the service is believed whatever was unlinked since",
    CALLS,
    "meant.find(({ loginId }) => holds(record, loginId))",
    'meant.find(({ loginId }) => holds(record, loginId) || record.standing.kind !== "guest")',
  ),
];
