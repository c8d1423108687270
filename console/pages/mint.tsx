/** An app's way to a token or to credentials, walked by hand: each call with its request, its answer and its time. */
import { useId, useRef, useState } from "preact/hooks";
import { BY_BACKEND, type Flow, runMint, signInLocally, type Step } from "../minting.ts";
import type { PageProps } from "../pages.ts";
import { Heading } from "../parts/heading.tsx";
import { announce } from "../parts/live.tsx";
import { StepView } from "../parts/mint-step.tsx";
import { PoolField } from "../parts/pool-field.tsx";
import { Empty } from "../parts/shown.tsx";
import { type Login, LoginFields } from "../parts/token-fields.tsx";
import { service } from "../service.ts";
import { useAllowed } from "../use-allowed.ts";
import { providerNamesOf } from "../provider-names.ts";
import { usePool } from "../use-pool.ts";

type Row = Login & { readonly key: number };

/** Of local development alone: a login of anybody. */
function LocalSignIn({ onToken }: { onToken: (login: Login) => "added" | "replaced" }) {
  const field = useId();
  const [name, setName] = useState("alice");
  const [problem, setProblem] = useState("");
  const [done, setDone] = useState("");
  const enter = async () => {
    const login = await signInLocally(name);
    setProblem(typeof login === "string" ? login : "");
    if (typeof login === "string") return setDone("");
    const isReplaced = onToken(login) === "replaced";
    setDone(
      isReplaced
        ? `Signed in as ${name}, in place of who was there: a call has one login of a provider.`
        : `Signed in as ${name}.`,
    );
  };
  return (
    <div class="field">
      <label htmlFor={field}>Sign in at the development issuer as</label>
      <div class="beside">
        <input
          id={field}
          value={name}
          maxLength={64}
          autoComplete="off"
          spellcheck={false}
          onInput={(event) => setName(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            // Not the form around it, which would mint for a guest.
            event.preventDefault();
            void enter();
          }}
        />
        <button type="button" disabled={name.trim() === ""} onClick={() => void enter()}>
          Sign in
        </button>
      </div>
      <p class="hint" role="status">
        {done}
      </p>
      {problem !== "" && (
        <p class="bad" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

/** A pool and an identity may be named by the address. */
export function Page({ params: [namedPool = "", namedIdentity = ""] }: PageProps) {
  const [identityPoolId, setIdentityPoolId] = useState(namedPool);
  const [identityId, setIdentityId] = useState(namedIdentity);
  const [flow, setFlow] = useState<Flow>("token");
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [steps, setSteps] = useState<readonly Step[]>([]);
  const [isBusy, setIsBusy] = useState(false);
  const lastKey = useRef(0);
  const [developerUser, setDeveloperUser] = useState("");
  const [identityField, developerField] = [useId(), useId()];
  const pool = usePool(identityPoolId);
  const providerNames = providerNamesOf(pool);
  const isAllowed = useAllowed();
  const developerProvider = isAllowed(BY_BACKEND) ? pool?.DeveloperProviderName : undefined;
  const add = (login: Login): "added" | "replaced" => {
    lastKey.current += 1;
    // Of one provider there is one login in a call.
    const others = rows.filter(({ providerName }) => providerName === "" || providerName !== login.providerName);
    setRows([...others, { ...login, key: lastKey.current }]);
    return others.length < rows.length ? "replaced" : "added";
  };
  const change = (key: number, login: Login) => setRows(rows.map((row) => (row.key === key ? { ...login, key } : row)));
  const mint = async (identity: string) => {
    setIsBusy(true);
    const logins = Object.fromEntries(rows.map(({ providerName, token }) => [providerName, token]));
    const developerLogin =
      developerProvider !== undefined && developerUser !== "" ? { [developerProvider]: developerUser } : null;
    const wish = { identityPoolId, identityId: identity, logins, flow, developerLogin };
    const isDone = await runMint(wish, setSteps);
    setIsBusy(false);
    announce(isDone ? "Done" : "Refused");
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (!isBusy) void mint(identityId);
  };
  const mintWithout = () => {
    setIdentityId("");
    void mint("");
  };
  return (
    <>
      <Heading title="Mint a token" />
      <p class="muted lead">The calls of an app, made from here as an app makes them. A new identity stays.</p>
      <form onSubmit={submit}>
        <PoolField value={identityPoolId} onChange={setIdentityPoolId} />
        <fieldset>
          <legend>Logins</legend>
          {rows.length === 0 && <p class="muted">None: a guest.</p>}
          {rows.map((row, index) => (
            <fieldset key={row.key} class="login" aria-label={`Login ${index + 1}`}>
              <LoginFields providerNames={providerNames} login={row} onChange={(login) => change(row.key, login)} />
              <button type="button" onClick={() => setRows(rows.filter(({ key }) => key !== row.key))}>
                Remove<span class="unseen"> login {index + 1}</span>
              </button>
            </fieldset>
          ))}
          {service.get()?.local === true && <LocalSignIn onToken={add} />}
          <p>
            <button type="button" onClick={() => add({ providerName: "", token: "" })}>
              Add a login token
            </button>
          </p>
        </fieldset>
        {developerProvider !== undefined && (
          <div class="field">
            <label htmlFor={developerField}>User of your own backend, at {developerProvider}</label>
            <input
              id={developerField}
              value={developerUser}
              maxLength={1024}
              autoComplete="off"
              spellcheck={false}
              aria-describedby={`${developerField}-hint`}
              onInput={(event) => setDeveloperUser(event.currentTarget.value)}
            />
            <p class="hint" id={`${developerField}-hint`}>
              Empty: none. Else the call is signed with your key, as a backend does, and all logins become one
              identity's.
            </p>
          </div>
        )}
        <div class="field">
          <label htmlFor={identityField}>Identity id, if it is known</label>
          <input
            id={identityField}
            value={identityId}
            pattern="[\w\-]+:[0-9a-f\-]+"
            autoComplete="off"
            spellcheck={false}
            aria-describedby={`${identityField}-hint`}
            onInput={(event) => setIdentityId(event.currentTarget.value.trim())}
          />
          <p class="hint" id={`${identityField}-hint`}>
            Empty: GetId finds or makes it. A guest's id together with a login links the two.
          </p>
        </div>
        <fieldset>
          <legend>What for</legend>
          <p class="check">
            <input
              id="flow-token"
              type="radio"
              name="flow"
              checked={flow === "token"}
              onChange={() => setFlow("token")}
            />
            <label htmlFor="flow-token">An OpenID token</label>
          </p>
          <p class="check">
            <input
              id="flow-credentials"
              type="radio"
              name="flow"
              checked={flow === "credentials"}
              onChange={() => setFlow("credentials")}
            />
            <label htmlFor="flow-credentials">AWS credentials</label>
          </p>
        </fieldset>
        <p class="actions">
          <button type="submit" class="primary" aria-disabled={isBusy}>
            {flow === "token" ? "Mint" : "Get credentials"}
          </button>
        </p>
      </form>
      <section aria-label="Result" class="result">
        {steps.length === 0 ? (
          <Empty>
            <p>Nothing asked yet. Without a login the pool makes a guest.</p>
          </Empty>
        ) : (
          <ol class="calls">
            {steps.map((step, index) => (
              <StepView
                key={step.operation}
                step={step}
                at={index + 1}
                identityPoolId={identityPoolId}
                onMintWithout={mintWithout}
              />
            ))}
          </ol>
        )}
      </section>
    </>
  );
}
