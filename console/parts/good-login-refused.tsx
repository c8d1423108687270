/** A refusal that is about the identity and not about the tokens, in words of its own, with the ways on. */
import { useState } from "preact/hooks";
import { call, type Failure as Fault } from "../api.ts";
import { go } from "../router.ts";
import { readToken } from "../token-words.ts";
import { useAllowed } from "../use-allowed.ts";
import { Failure } from "./failure.tsx";

const FIND = "Edgepool.FindIdentityByLogin";

/** Each token has been verified by then: a token that proves nothing is refused in other words. */
export function isOfIdentity({ message }: Fault): boolean {
  return /^Logins (?:don't match|conflict)\b/.test(message);
}

function FindIdentity({ identityPoolId, login }: { identityPoolId: string; login: readonly [string, string] }) {
  const [failure, setFailure] = useState<Fault | null>(null);
  const [providerName, token] = login;
  const subject = readToken(token)?.claims["sub"];
  if (typeof subject !== "string") return null;
  const find = async () => {
    const input = { IdentityPoolId: identityPoolId, ProviderName: providerName, Subject: subject };
    const answer = await call(FIND, input);
    if (answer.ok) return go(`identity/${answer.output.IdentityId}`);
    setFailure(answer.failure);
  };
  const isNobody = failure?.exception === "ResourceNotFoundException";
  return (
    <>
      <p>
        <button type="button" onClick={() => void find()}>
          Find the identity of the login at {providerName}
        </button>
      </p>
      {isNobody && <p role="alert">No identity has this login yet: GetId without an identity id would make one.</p>}
      {failure !== null && !isNobody && <Failure failure={failure} />}
    </>
  );
}

type GoodLoginRefusedProps = {
  readonly identityPoolId: string;
  /** Provider name and token. */
  readonly logins: readonly (readonly [string, string])[];
  readonly onMintWithout: () => void;
};

export function GoodLoginRefused({ identityPoolId, logins, onMintWithout }: GoodLoginRefusedProps) {
  const isAllowed = useAllowed();
  return (
    <div class="notice">
      <p>
        <strong>
          {logins.length === 1
            ? "The token is good. It is not a login of this identity"
            : "The tokens are good. They are not logins of this identity"}
        </strong>
        :{" "}
        {logins.length === 1
          ? "it is another user's, or nobody's yet."
          : "one is another user's, or all are nobody's yet."}
      </p>
      {isAllowed(FIND) &&
        logins.map((login) => <FindIdentity key={login.join(" ")} identityPoolId={identityPoolId} login={login} />)}
      <p>
        <button type="button" onClick={onMintWithout}>
          Mint without the identity id
        </button>
      </p>
    </div>
  );
}
