/** All identity pools: name and id of each, in the order of the service. */
import { useState } from "preact/hooks";
import { Heading } from "../parts/heading.tsx";
import { AsCommand, AsJson } from "../parts/behind.tsx";
import { Empty, Load } from "../parts/shown.tsx";
import { Id } from "../parts/text.tsx";
import { useCall } from "../use-call.ts";

/** The most that the operation gives at once. */
const ROWS = 60;

export function Page() {
  const [tokens, setTokens] = useState<readonly string[]>([]);
  const token = tokens.at(-1);
  const input = { MaxResults: ROWS, ...(token !== undefined && { NextToken: token }) };
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
            <p class="pager">
              <span class="muted">
                {IdentityPools.length} shown{NextToken === undefined ? "" : ", more exist"}
              </span>
              <button type="button" disabled={tokens.length === 0} onClick={() => setTokens(tokens.slice(0, -1))}>
                Back
              </button>
              <button
                type="button"
                disabled={NextToken === undefined}
                onClick={() => NextToken !== undefined && setTokens([...tokens, NextToken])}
              >
                Next
              </button>
            </p>
            <AsJson value={{ IdentityPools, NextToken }} />
            <AsCommand operation="ListIdentityPools" input={input} />
          </>
        )}
      </Load>
    </>
  );
}
