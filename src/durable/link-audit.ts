/** One line for each link that was committed: who holds which providers' logins since then, and whom that absorbed (T34). */
import type { Hash } from "../domain/digest.ts";
import { hashedIdentity } from "../domain/trace.ts";
import type { IdentityRecord, LinkTransaction } from "../linking/identity-record.ts";
import { writeEvent } from "../log/write.ts";

/** Names of providers were verified in this very request, so that the pool has them; no subject and no id is written (T46). */
export async function auditLink(
  { identityId, identityPoolId }: IdentityRecord,
  link: LinkTransaction,
  hash: Hash,
): Promise<void> {
  writeEvent({
    event: "audit",
    what: "logins-linked",
    who: "service",
    outcome: "done",
    pool: identityPoolId,
    identity: await hashedIdentity(identityId, hash),
    providers: link.wanted.map(({ providerName }) => providerName),
    // Those that went into it.
    ...(link.absorbed.length > 0 && {
      identities: await Promise.all(link.absorbed.map((id) => hashedIdentity(id, hash))),
    }),
  });
}
