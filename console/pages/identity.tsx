/** One identity: where it stands, its logins, what is under way, and the picture of its life. */
import { useEffect, useId } from "preact/hooks";
import {
  type Changed,
  DeleteIdentity,
  type Identity,
  SwitchIdentity,
  switchOf,
  UnlinkUser,
} from "../parts/identity-actions.tsx";
import { rememberPool } from "../last-pool.ts";
import type { PageProps } from "../pages.ts";
import { AsCommand, AsJson } from "../parts/behind.tsx";
import { Heading } from "../parts/heading.tsx";
import { Life } from "../parts/life.tsx";
import { Load } from "../parts/shown.tsx";
import { StandingWord } from "../parts/standing.tsx";
import { Table } from "../parts/table.tsx";
import { Id, Time } from "../parts/text.tsx";
import { saveAs } from "../save.ts";
import { Trail } from "../parts/trail.tsx";
import { useAllowed } from "../use-allowed.ts";
import { useCall } from "../use-call.ts";

const OPERATION = "Edgepool.DescribeIdentityInFull";

type Entry = Identity["Life"][number];

function identityHref(identityId: string): string {
  return `#identity/${identityId}`;
}

function isAlive({ Standing }: Identity): boolean {
  return Standing === "guest" || Standing === "authenticated";
}

function Facts({ identity }: { identity: Identity }) {
  const { IdentityId, IdentityPoolId, Standing, IsDisabled, MergedInto, BarredProviders = [] } = identity;
  const { CreationDate, LastModifiedDate, Origin, Bucket } = identity;
  return (
    <dl class="facts">
      <div>
        <dt>Id</dt>
        <dd>
          <Id id={IdentityId} what="identity id" />
        </dd>
      </div>
      <div>
        <dt>Standing</dt>
        <dd>
          <StandingWord standing={Standing} isDisabled={IsDisabled} />
        </dd>
      </div>
      {MergedInto !== undefined && (
        <div>
          <dt>Merged into</dt>
          <dd>
            <Id id={MergedInto} what="id of the other identity" href={identityHref(MergedInto)} />
          </dd>
        </div>
      )}
      <div>
        <dt>Identity pool</dt>
        <dd>
          <Id id={IdentityPoolId} what="identity pool id" href={`#pool/${IdentityPoolId}`} />
        </dd>
      </div>
      <div>
        <dt>Created</dt>
        <dd>
          <Time at={CreationDate} />
          {Origin === "source" && ", in the identity pool that this one takes over"}
        </dd>
      </div>
      <div>
        <dt>Changed</dt>
        <dd>
          <Time at={LastModifiedDate} />
        </dd>
      </div>
      {BarredProviders.length > 0 && (
        <div>
          <dt>Barred</dt>
          <dd>{BarredProviders.join(", ")}: no login of theirs comes from the other identity pool any more</dd>
        </div>
      )}
      <div>
        <dt>Rate</dt>
        <dd>
          {Bucket.TokensLeft} of {Bucket.Burst} tokens left; {Bucket.TokensPerSecond} come back each second
        </dd>
      </div>
      <div>
        <dt>Last token</dt>
        <dd>
          {Bucket.LastLowAt === undefined ? (
            "Not known: it is not kept, by design"
          ) : (
            <>
              Rate last well used <Time at={Bucket.LastLowAt} />
            </>
          )}
        </dd>
      </div>
    </dl>
  );
}

/** What is under way, and is over by itself in a moment. */
function UnderWay({ identity: { Transaction, Freeze, Owed } }: { identity: Identity }) {
  if (Transaction === undefined && Freeze === undefined && Owed.length === 0) return null;
  return (
    <div class="notice">
      <p>
        <strong>Under way</strong>
      </p>
      <ul>
        {Transaction !== undefined && (
          <li>
            A link of {Transaction.WantedLogins} logins is {Transaction.Phase}, begun{" "}
            <Time at={Transaction.StartedAt} />; still to hear of its end: {Transaction.Unsettled}.
          </li>
        )}
        {Freeze !== undefined && (
          <li>
            Stands still since <Time at={Freeze.Since} />, while{" "}
            <a href={identityHref(Freeze.Coordinator)}>
              <code>{Freeze.Coordinator}</code>
            </a>{" "}
            absorbs it.
          </li>
        )}
        {Owed.length > 0 && (
          <li>
            Others have still to hear: {Owed.map(({ Kind, To = "the pool's list" }) => `${Kind} to ${To}`).join(", ")}.
          </li>
        )}
      </ul>
      <p>It is repeated until it is done. Look again in a minute.</p>
    </div>
  );
}

function Logins({ identity, onChange }: Changed) {
  const { Logins: logins } = identity;
  const isAllowed = useAllowed();
  if (logins.length === 0) return <p class="muted">No login is linked.</p>;
  const isDeveloped = logins.some(({ DeveloperUserIdentifier }) => DeveloperUserIdentifier !== undefined);
  return (
    <div class="table">
      <table>
        <thead>
          <tr>
            <th scope="col">Provider</th>
            <th scope="col">{isDeveloped ? "User, or hash of the login" : "Hash of the login"}</th>
            <th scope="col">Linked</th>
            {isDeveloped && (
              <th scope="col">
                <span class="unseen">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {logins.map((login) => {
            const { ProviderName, LoginHash, LinkedAt, DeveloperUserIdentifier: user } = login;
            return (
              <tr key={`${ProviderName} ${LoginHash}`}>
                <td>{ProviderName}</td>
                <td>
                  <code>{user ?? LoginHash}</code>
                </td>
                <td>
                  <Time at={LinkedAt} />
                </td>
                {isDeveloped && (
                  <td class="number">
                    {user !== undefined && isAllowed("UnlinkDeveloperIdentity") && (
                      <UnlinkUser login={login} identity={identity} onChange={onChange} />
                    )}
                  </td>
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const WORDS: Readonly<Record<Entry["Kind"], string>> = {
  born: "Born",
  adopted: "Taken over from the other identity pool",
  linked: "Linked",
  unlinked: "Unlinked",
  absorbed: "Absorbed another identity",
  merged: "Merged into another identity",
  disabled: "Disabled",
  enabled: "Enabled",
  closed: "Closed: its last login was unlinked",
  deleted: "Deleted",
};

function LifeTable({ life, id }: { life: Identity["Life"]; id: string }) {
  return (
    <Table heads={["When (UTC)", "What", "With whom"]} caption="What happened to this identity, oldest first" id={id}>
      {life.map(({ Sequence, At, Kind, ProviderNames, Other, By }) => (
        <tr key={Sequence}>
          <td>
            <time dateTime={new Date(At * 1000).toISOString()}>
              {new Date(At * 1000).toISOString().slice(0, 19).replace("T", " ")}
            </time>
          </td>
          <td>{WORDS[Kind]}</td>
          <td>
            {ProviderNames?.join(", ")}
            {Other !== undefined && (
              <a href={identityHref(Other)}>
                <code>{Other}</code>
              </a>
            )}
            {By !== undefined && (
              <span class="muted">
                {" "}
                by <code>{By}</code>
              </span>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

export function Page({ params: [identityId = ""] }: PageProps) {
  const input = { IdentityId: identityId };
  const asked = useCall(OPERATION, input);
  const table = useId();
  const isAllowed = useAllowed();
  const pool = asked.answer?.ok === true ? asked.answer.output.IdentityPoolId : undefined;
  useEffect(() => {
    if (pool !== undefined) rememberPool(pool);
  }, [pool]);
  return (
    <>
      {pool !== undefined && (
        <Trail
          steps={[
            ["Identity pools", "#pools"],
            [pool, `#pool/${pool}`],
            ["Identities", `#pool/${pool}/identities`],
          ]}
        />
      )}
      <Heading title="Identity" />
      <Load of={asked}>
        {(identity) => (
          <>
            <Facts identity={identity} />
            <UnderWay identity={identity} />
            <p class="actions">
              {isAlive(identity) && !identity.IsDisabled && (
                <a class="button" href={`#mint/${identity.IdentityPoolId}/${identityId}`}>
                  Mint a token
                </a>
              )}
              <button
                type="button"
                onClick={() => saveAs(`${identityId.replace(":", "-")}.json`, JSON.stringify(identity, null, 2))}
              >
                Export as JSON
              </button>
              {isAlive(identity) && isAllowed(switchOf(identity)) && (
                <SwitchIdentity identity={identity} onChange={asked.reload} />
              )}
              {identity.Standing !== "deleted" && isAllowed("DeleteIdentities") && (
                <DeleteIdentity identity={identity} onChange={asked.reload} />
              )}
            </p>
            <h2>Logins</h2>
            <Logins identity={identity} onChange={asked.reload} />
            <h2>Its life</h2>
            <Life identity={identity} now={Date.now() / 1000} describedBy={table} />
            <LifeTable life={identity.Life} id={table} />
            <AsJson value={identity} />
            <AsCommand operation={OPERATION} input={input} />
          </>
        )}
      </Load>
    </>
  );
}
