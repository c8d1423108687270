/** All identity pools: name and id of each, in the order of the service. */
import { Heading } from "../parts/heading.tsx";
import { AsCommand, AsJson } from "../parts/behind.tsx";
import { Pager } from "../parts/pager.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { Empty, Load } from "../parts/shown.tsx";
import { Id } from "../parts/text.tsx";
import { go } from "../router.ts";
import { useAllowed } from "../use-allowed.ts";
import { useCall } from "../use-call.ts";
import { usePages } from "../use-pages.ts";

/** The most that the operation gives at once. */
const ROWS = 60;

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
        <SearchField label="Find an identity by its id" verb="Find" search={(id) => go(`identity/${id}`)} />
      )}
      <Load of={pools}>
        {({ IdentityPools = [], NextToken }) => (
          <>
            {IdentityPools.length === 0 ? (
              <Empty>
                <p>No identity pool yet. An app names one to get identities of its own.</p>
              </Empty>
            ) : (
              <div class="table stacked">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Name</th>
                      <th scope="col">Id</th>
                    </tr>
                  </thead>
                  <tbody>
                    {IdentityPools.map(({ IdentityPoolId = "", IdentityPoolName = "" }) => (
                      <tr key={IdentityPoolId}>
                        <td>
                          <a class="target" href={`#pool/${IdentityPoolId}`}>
                            {IdentityPoolName}
                          </a>
                        </td>
                        <td data-label="Id">
                          <Id id={IdentityPoolId} what="id" />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
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
