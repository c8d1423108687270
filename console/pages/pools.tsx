/** All identity pools: name and id of each, in the order of the service. */
import { Heading } from "../parts/heading.tsx";
import { AsCommand, AsJson } from "../parts/behind.tsx";
import { Pager } from "../parts/pager.tsx";
import { Empty, Load } from "../parts/shown.tsx";
import { Id } from "../parts/text.tsx";
import { useCall } from "../use-call.ts";
import { usePages } from "../use-pages.ts";

/** The most that the operation gives at once. */
const ROWS = 60;

export function Page() {
  const pages = usePages();
  const input = { MaxResults: ROWS, ...(pages.token !== undefined && { NextToken: pages.token }) };
  const pools = useCall("ListIdentityPools", input);
  return (
    <>
      <Heading title="Identity pools" />
      <Load of={pools}>
        {({ IdentityPools = [], NextToken }) => (
          <>
            {IdentityPools.length === 0 ? (
              <Empty>
                <p>No identity pool yet.</p>
              </Empty>
            ) : (
              <div class="table">
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
                          <a href={`#pool/${IdentityPoolId}`}>{IdentityPoolName}</a>
                        </td>
                        <td>
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
