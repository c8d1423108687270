/** One identity pool: its settings in groups, its roles and tags, and the way to its identities. */
import { useState } from "preact/hooks";
import { call } from "../api.ts";
import type { PageProps } from "../pages.ts";
import { AsCommand, AsJson } from "../parts/behind.tsx";
import { DangerDialog } from "../parts/dialog.tsx";
import { Heading } from "../parts/heading.tsx";
import { announce } from "../parts/live.tsx";
import { Empty, Load } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { Id } from "../parts/text.tsx";
import { Trail } from "../parts/trail.tsx";
import { PoolCheck } from "../pool/check.tsx";
import { shownClientId, withoutSecrets } from "../pool/draft.ts";
import { Migration } from "../pool/migration.tsx";
import { PrincipalTags } from "../pool/principal-tags.tsx";
import { type Pool, providersOf } from "../pool/providers.ts";
import { PoolRoles } from "../pool/roles.tsx";
import { go } from "../router.ts";
import { useAllowed } from "../use-allowed.ts";
import { useCall } from "../use-call.ts";

function ClientId({ provider, clientId }: { provider: string; clientId: string }) {
  const [isShown, setIsShown] = useState(false);
  const masked = shownClientId(provider, clientId);
  return (
    <>
      <code>{isShown ? clientId : masked}</code>{" "}
      {masked !== clientId && (
        <button type="button" class="copy" onClick={() => setIsShown(!isShown)}>
          {isShown ? "Hide the secret" : "Show the secret"}
        </button>
      )}
    </>
  );
}

function Providers({ pool }: { pool: Pool }) {
  const providers = providersOf(pool);
  if (providers.length === 0) {
    return (
      <Empty>
        <p>No provider: nobody can sign in. Edit the pool to add one.</p>
      </Empty>
    );
  }
  return (
    <Table heads={["Provider", "Kind", "Client id"]} kind="stacked">
      {providers.map(({ name, key, kind, clientId }) => (
        <tr key={key}>
          <td>{name}</td>
          <td data-label="Kind">{kind}</td>
          <td data-label="Client id">
            {clientId === undefined ? (
              <span class="muted">none</span>
            ) : (
              <ClientId provider={name} clientId={clientId} />
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function DeleteDialog({ pool, onClose }: { pool: Pool; onClose: () => void }) {
  const { IdentityPoolId, IdentityPoolName } = pool;
  const act = async () => {
    const answer = await call("DeleteIdentityPool", { IdentityPoolId });
    return answer.ok ? null : answer.failure;
  };
  const done = () => {
    announce(`Deleted the identity pool ${IdentityPoolName}`);
    go("pools");
  };
  return (
    <DangerDialog
      title="Delete this identity pool?"
      verb="Delete the pool"
      typed={IdentityPoolName}
      act={act}
      onDone={done}
      onClose={onClose}
    >
      <p>
        All of its identities go with it, for good: apps that name it are refused from then on, and no other pool will
        ever have these ids. Tokens that are out stay good until they expire.
      </p>
    </DangerDialog>
  );
}

function Settings({ pool }: { pool: Pool }) {
  const tags = Object.entries(pool.IdentityPoolTags ?? {});
  return (
    <>
      <dl class="facts">
        <div>
          <dt>Id</dt>
          <dd>
            <Id id={pool.IdentityPoolId} what="pool id" />
          </dd>
        </div>
        <div>
          <dt>Guests</dt>
          <dd>{pool.AllowUnauthenticatedIdentities ? "allowed" : "not allowed"}</dd>
        </div>
        <div>
          <dt>Classic flow</dt>
          <dd>
            {pool.AllowClassicFlow === true
              ? "allowed: GetOpenIdToken gives out tokens"
              : "not allowed: GetOpenIdToken is refused"}
          </dd>
        </div>
        <div>
          <dt>Tags</dt>
          <dd>
            {tags.length === 0 ? (
              <span class="muted">none</span>
            ) : (
              tags.map(([key, value]) => `${key}: ${value}`).join(", ")
            )}
          </dd>
        </div>
      </dl>
      <section aria-labelledby="providers">
        <h2 id="providers">Providers</h2>
        <Providers pool={pool} />
      </section>
    </>
  );
}

export function Page({ params: [identityPoolId = ""] }: PageProps) {
  const isAllowed = useAllowed();
  const [isDeleting, setIsDeleting] = useState(false);
  const asked = useCall("DescribeIdentityPool", { IdentityPoolId: identityPoolId });
  const name = asked.answer?.ok === true ? asked.answer.output.IdentityPoolName : "Identity pool";
  return (
    <>
      <Trail steps={[["Identity pools", "#pools"]]} />
      <div class="top">
        <Heading title={name} />
        <p class="actions">
          {isAllowed("ListIdentities") && (
            <a class="button primary" href={`#pool/${identityPoolId}/identities`}>
              Identities
            </a>
          )}
          {isAllowed("UpdateIdentityPool") && (
            <a class="button" href={`#pool/${identityPoolId}/edit`}>
              Edit
            </a>
          )}
          {isAllowed("DeleteIdentityPool") && (
            <button type="button" class="danger" onClick={() => setIsDeleting(true)}>
              Delete
            </button>
          )}
        </p>
      </div>
      <Load of={asked}>
        {(pool) => (
          <>
            <Settings pool={pool} />
            <AsJson value={withoutSecrets(pool)} />
            <AsCommand operation="DescribeIdentityPool" input={asked.input} />
            {isAllowed("Edgepool.CheckIdentityPool") && <PoolCheck identityPoolId={identityPoolId} />}
            {isAllowed("GetIdentityPoolRoles") && <PoolRoles identityPoolId={identityPoolId} />}
            {isAllowed("GetPrincipalTagAttributeMap") && (
              <PrincipalTags
                identityPoolId={identityPoolId}
                providers={[...new Set(providersOf(pool).map((provider) => provider.name))]}
              />
            )}
            {isAllowed("Edgepool.GetMigrationReport") && <Migration identityPoolId={identityPoolId} />}
            {isDeleting && <DeleteDialog pool={pool} onClose={() => setIsDeleting(false)} />}
          </>
        )}
      </Load>
    </>
  );
}
