/** A token of this service, read and checked: what it says, whether it is genuine, and what a relying party must still look at. */
import { useEffect, useId, useState } from "preact/hooks";
import type { JSONWebKeySet } from "jose";
import { verifyCommandOf } from "../command.ts";
import { handOver, takeOver } from "../handover.ts";
import { AsJson, Listing } from "../parts/behind.tsx";
import { Heading } from "../parts/heading.tsx";
import { announce } from "../parts/live.tsx";
import { Mark } from "../parts/mark.tsx";
import { Empty, Loading } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { go } from "../router.ts";
import { service } from "../service.ts";
import { asClaimed, type Check, checksOf, verdictOf } from "../token-checks.ts";
import { meaningOf, type ReadToken, readToken, valueText, whoIn } from "../token-words.ts";
import { useAllowed } from "../use-allowed.ts";
import { useCall } from "../use-call.ts";
import { checkSignature, loadKeySet, type Signature } from "../verify-token.ts";

function CheckRow({ check: { name, kind, word, text } }: { check: Check }) {
  return (
    <tr>
      <td>
        <Mark kind={kind}>{word}</Mark>
      </td>
      <th scope="row">{name}</th>
      <td>{text}</td>
    </tr>
  );
}

/** The pool that `aud` names, by its name where the key may see it. */
function AudienceRow({ audience, isForeign }: { audience: string; isForeign: boolean }) {
  const { answer } = useCall("DescribeIdentityPool", { IdentityPoolId: audience });
  const found: Check = {
    name: "Audience",
    kind: answer === null ? "none" : answer.ok ? "good" : "warn",
    word: answer === null ? "Looking" : answer.ok ? "A pool of this service" : answer.failure.exception,
    text: `aud is ${audience}.`,
  };
  const { name, kind, word, text } = isForeign ? asClaimed(found) : found;
  return (
    <tr>
      <td>
        <Mark kind={kind}>{word}</Mark>
      </td>
      <th scope="row">{name}</th>
      <td>
        {answer?.ok === true ? (
          <>
            aud is <a href={`#pool/${audience}`}>{answer.output.IdentityPoolName}</a>.
          </>
        ) : (
          text
        )}
      </td>
    </tr>
  );
}

function WhoText({ amr }: { amr: unknown }) {
  const who = whoIn(amr);
  if (who.kind === "guest") return <>a guest: nobody has logged in</>;
  if (who.kind === "unknown") return <>neither a guest nor a user, as this service would write it</>;
  return (
    <ul class="plain">
      {who.logins.map(({ providerName, longForm }) => (
        <li key={longForm}>
          a login at <code>{providerName}</code>: <code>{longForm}</code>
        </li>
      ))}
    </ul>
  );
}

function ClaimRow({ claim, value }: { claim: string; value: unknown }) {
  const isIdentity = claim === "sub" && typeof value === "string" && value.includes(":");
  return (
    <tr>
      <th scope="row">
        <code>{claim}</code>
      </th>
      <td data-label="Value">
        {isIdentity ? (
          <a href={`#identity/${value}`}>
            <code>{value}</code>
          </a>
        ) : (
          <code>{valueText(claim, value)}</code>
        )}
      </td>
      <td data-label="Means">
        {claim === "amr" ? (
          <WhoText amr={value} />
        ) : (
          (meaningOf(claim) ?? <span class="muted">no claim of this service</span>)
        )}
      </td>
    </tr>
  );
}

function StillToDo({ claims }: ReadToken) {
  const audience = valueText("aud", claims["aud"]);
  return (
    <ul>
      <li>
        That <code>aud</code> is the one pool that it trusts, <code>{audience}</code>. All pools of this service have
        the same issuer and keys.
      </li>
      <li>
        That <code>amr</code> begins with <code>authenticated</code>, if guests are not to enter; and which provider
        vouches.
      </li>
      <li>
        That <code>exp</code> has not passed, each time the token comes. Whoever holds it is the identity: it belongs in
        no address and no log.
      </li>
      <li>
        The signature by the keys that the issuer publishes, kept for five minutes at most and asked for again when a{" "}
        <code>kid</code> is new.
      </li>
      <li>
        Nothing but <code>sub</code> as the user's key.
      </li>
    </ul>
  );
}

function Inspected({ token, read, keySet }: { token: string; read: ReadToken; keySet: JSONWebKeySet | string }) {
  const [signature, setSignature] = useState<Signature | null>(null);
  useEffect(() => {
    setSignature(null);
    void checkSignature(token, keySet).then(setSignature);
  }, [token, keySet]);
  const isAllowed = useAllowed();
  const isForeign = signature?.state !== "genuine";
  const issuer = service.get()?.issuer ?? "";
  const checks = signature && checksOf(signature, read, issuer, Date.now() / 1000);
  const verdict = checks && verdictOf(checks);
  useEffect(() => announce(verdict?.word ?? ""), [verdict?.word]);
  if (checks === null || verdict === null) return <Loading />;
  const { header, claims } = read;
  const audience = claims["aud"];
  const checkAsLogin = () => {
    handOver({ token });
    go("check");
  };
  return (
    <>
      <div class={`verdict ${verdict.kind}`}>
        <h2>
          <Mark kind={verdict.kind}>{verdict.word}</Mark>
        </h2>
        {isForeign && <p>Believe nothing of it.</p>}
        {isForeign && isAllowed("Edgepool.CheckLogin") && (
          <p>
            Is it the login token of a provider?{" "}
            <button type="button" onClick={checkAsLogin}>
              Check it as a login
            </button>
          </p>
        )}
      </div>
      <Table heads={["Outcome", "What", "Why"]} kind="rules">
        {checks.map((check) => (
          <CheckRow key={check.name} check={check} />
        ))}
        {typeof audience === "string" && <AudienceRow audience={audience} isForeign={isForeign} />}
      </Table>
      <h2>What it says</h2>
      <Table heads={["Claim", "Value", "Means"]} kind="rules">
        {Object.entries(claims).map(([claim, value]) => (
          <ClaimRow key={claim} claim={claim} value={value} />
        ))}
      </Table>
      <h2>What a relying party must still check</h2>
      <StillToDo {...read} />
      <AsJson value={{ header, claims }} />
      <Listing
        title="As command"
        what="the command"
        text={verifyCommandOf(token, location.origin, issuer, claims["aud"])}
      />
    </>
  );
}

export function Page() {
  const [handed] = useState(takeOver);
  const [text, setText] = useState(handed?.token ?? "");
  const [keySet, setKeySet] = useState<JSONWebKeySet | string | null>(null);
  const field = useId();
  useEffect(() => void loadKeySet().then(setKeySet), []);
  const token = text.trim();
  const read = readToken(token);
  return (
    <>
      <Heading title="Token inspector" />
      <p class="muted lead">
        What an OpenID token of this service says, and whether it is genuine. It does not leave this page.
      </p>
      <div class="field">
        <label htmlFor={field}>Token</label>
        <textarea
          id={field}
          rows={6}
          value={text}
          autoComplete="off"
          spellcheck={false}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </div>
      <section aria-label="Result" class="result">
        {token === "" ? (
          <Empty>
            <p>Paste a token, or mint one.</p>
            <p>
              <a class="button" href="#mint">
                Mint a token
              </a>
            </p>
          </Empty>
        ) : read === null ? (
          <div class="failure" role="alert">
            <p>
              <strong>No token</strong>
            </p>
            <p>
              It should be three parts of base64url with dots between them, a JSON object in each of the first two. Was
              all of it copied?
            </p>
          </div>
        ) : keySet === null ? (
          <Loading />
        ) : (
          <Inspected token={token} read={read} keySet={keySet} />
        )}
      </section>
    </>
  );
}
