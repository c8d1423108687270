/** All identity pools: what each is called and whom it lets in, in the order of the service. */
import { segmentOf } from "../match.ts";
import { Heading } from "../parts/heading.tsx";
import { AsCommand, AsJson } from "../parts/behind.tsx";
import { Pager } from "../parts/pager.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { Empty, Load } from "../parts/shown.tsx";
import { Id } from "../parts/text.tsx";
import { providersOf } from "../pool/providers.ts";
import { go } from "../router.ts";
import { useAllowed } from "../use-allowed.ts";
import { useCall } from "../use-call.ts";
import { usePages } from "../use-pages.ts";
import type { PoolSettings } from "../use-pool.ts";
import { usePools } from "../use-pools.ts";
import type { OutputOf } from "../wire.ts";

/** The most that the operation gives at once. */
const ROWS = 60;

type Pools = NonNullable<OutputOf<"ListIdentityPools">["IdentityPools"]>;

/** Undefined: it is not known yet; null: it will not be. */
function WhomItLetsIn({ pool }: { pool: PoolSettings | null | undefined }) {
  const words = pool === undefined ? "…" : "not known";
  return (
    <>
      <td data-label="Guests">{pool ? (pool.AllowUnauthenticatedIdentities ? "allowed" : "not allowed") : words}</td>
      <td data-label="Providers" class="number">
        {pool ? providersOf(pool).length : words}
      </td>
    </>
  );
}

function Table({ pools, isDescribed }: { pools: Pools; isDescribed: boolean }) {
  const settings = usePools(isDescribed ? pools.map(({ IdentityPoolId = "" }) => IdentityPoolId) : []);
  return (
    <div class="table stacked">
      <table>
        <thead>
          <tr>
            <th scope="col" class="name">
              Name
            </th>
            <th scope="col">Id</th>
            {isDescribed && (
              <>
                <th scope="col" class="word">
                  Guests
                </th>
                <th scope="col" class="word number">
                  Providers
                </th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {pools.map(({ IdentityPoolId = "", IdentityPoolName = "" }) => (
            <tr key={IdentityPoolId}>
              <td>
                <a class="target" href={`#pool/${IdentityPoolId}`}>
                  {IdentityPoolName}
                </a>
              </td>
              <td data-label="Id">
                <Id id={IdentityPoolId} what="id" />
              </td>
              {isDescribed && <WhomItLetsIn pool={settings.get(IdentityPoolId)} />}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Page() {
  const isAllowed = useAllowed();
  const pages = usePages();
  const input = { MaxResults: ROWS, ...(pages.token !== undefined && { NextToken: pages.token }) };
  const pools = useCall("ListIdentityPools", input);
  return (
    <>
      <div class="top">
        <Heading title="Identity pools" />
        {isAllowed("CreateIdentityPool") && (
          <a class="button" href="#new-pool">
            New pool
          </a>
        )}
      </div>
      {isAllowed("Edgepool.DescribeIdentityInFull") && (
        <SearchField label="Find an identity by its id" verb="Find" search={(id) => go(`identity/${segmentOf(id)}`)} />
      )}
      <Load of={pools}>
        {({ IdentityPools = [], NextToken }) => (
          <>
            {IdentityPools.length === 0 ? (
              <Empty>
                <p>No identity pool yet. An app names one to get identities of its own.</p>
              </Empty>
            ) : (
              <Table pools={IdentityPools} isDescribed={isAllowed("DescribeIdentityPool")} />
            )}
            <Pager pages={pages} shown={IdentityPools.length} nextToken={NextToken} />
            <AsJson value={{ IdentityPools, NextToken }} />
            <AsCommand operation="ListIdentityPools" input={input} />
          </>
        )}
      </Load>
    </>
  );
}
