/** An app's way to a token or to credentials, walked by hand: each call with its request, its answer and its time. */
import { useId, useRef, useState } from "preact/hooks";
import { unsignedCommandsOf } from "../command.ts";
import { handOver } from "../handover.ts";
import { type Flow, runMint, signInLocally, type Step } from "../minting.ts";
import { Listing } from "../parts/behind.tsx";
import { Failure } from "../parts/failure.tsx";
import { Heading } from "../parts/heading.tsx";
import { announce } from "../parts/live.tsx";
import { Mark } from "../parts/mark.tsx";
import { PoolField } from "../parts/pool-field.tsx";
import { Empty, Loading } from "../parts/shown.tsx";
import { CopyButton, Id } from "../parts/text.tsx";
import { type Login, LoginFields } from "../parts/token-fields.tsx";
import { go } from "../router.ts";
import { service } from "../service.ts";
import { useAllowed } from "../use-allowed.ts";
import type { OutputOf } from "../wire.ts";

type Row = Login & { readonly key: number };

/** Of local development alone: a login of anybody. */
function LocalSignIn({ onToken }: { onToken: (login: Login) => void }) {
  const field = useId();
  const [name, setName] = useState("alice");
  const [problem, setProblem] = useState("");
  const enter = async () => {
    const login = await signInLocally(name);
    setProblem(typeof login === "string" ? login : "");
    if (typeof login === "string") return;
    onToken(login);
    announce(`Signed in as ${name}`);
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
        />
        <button type="button" disabled={name.trim() === ""} onClick={() => void enter()}>
          Sign in
        </button>
      </div>
      {problem !== "" && (
        <p class="bad" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

const HIDDEN: ReadonlySet<string> = new Set(["SecretKey", "SessionToken"]);

/** Of credentials what may be seen over a shoulder. */
function shown(output: object): string {
  return JSON.stringify(output, (name, value: unknown) => (HIDDEN.has(name) ? "…" : value), 2);
}

function Result({ step: { answer } }: { step: Step }) {
  if (answer?.ok !== true) return null;
  const output: {
    readonly IdentityId?: string | undefined;
    readonly Token?: string | undefined;
    readonly Credentials?: OutputOf<"GetCredentialsForIdentity">["Credentials"];
  } = answer.output;
  const { IdentityId = "", Token, Credentials } = output;
  const inspect = (token: string) => {
    handOver({ token });
    go("inspect");
  };
  const environment = Credentials && [
    `export AWS_ACCESS_KEY_ID=${Credentials.AccessKeyId}`,
    `export AWS_SECRET_ACCESS_KEY=${Credentials.SecretKey}`,
    `export AWS_SESSION_TOKEN=${Credentials.SessionToken}`,
  ];
  return (
    <>
      <p>
        Identity <Id id={IdentityId} what="identity id" href={`#identity/${IdentityId}`} />
      </p>
      {Token !== undefined && (
        <p class="actions">
          <button type="button" class="primary" onClick={() => inspect(Token)}>
            Inspect the token
          </button>
          <CopyButton text={Token} what="token" isNamed />
        </p>
      )}
      {environment !== undefined && (
        <p class="actions">
          <CopyButton text={environment.join("\n")} what="as environment variables" isNamed />
        </p>
      )}
    </>
  );
}

function StepView({ step, at, identityPoolId }: { step: Step; at: number; identityPoolId: string }) {
  const { operation, input, answer, durationMs } = step;
  const { curl, aws, javascript } = unsignedCommandsOf(operation, input, location.origin, service.get()?.region ?? "");
  const [login] = Object.entries(("Logins" in input ? input.Logins : undefined) ?? {});
  const isAllowed = useAllowed();
  const check = () => {
    const [providerName, token] = login ?? ["", ""];
    handOver({ identityPoolId, providerName, token });
    go("check");
  };
  return (
    <li class="step">
      <h2>
        {at}. {operation}{" "}
        {answer !== null && <Mark kind={answer.ok ? "good" : "bad"}>{answer.ok ? "Answered" : "Refused"}</Mark>}{" "}
        {durationMs !== null && <span class="muted">{Math.round(durationMs)} ms</span>}
      </h2>
      {answer === null && <Loading />}
      {answer?.ok === false && (
        <>
          <Failure failure={answer.failure} />
          {login !== undefined && isAllowed("Edgepool.CheckLogin") && (
            <p>
              <button type="button" onClick={check}>
                Check this login, rule by rule
              </button>
            </p>
          )}
        </>
      )}
      <Result step={step} />
      <Listing title="Request" what="the request" text={JSON.stringify(input, null, 2)} />
      {answer?.ok === true && <Listing title="Answer" what="the answer" text={shown(answer.output)} />}
      <p class="actions">
        <CopyButton text={curl} what="as curl" isNamed />
        <CopyButton text={aws} what="as AWS CLI" isNamed />
        <CopyButton text={javascript} what="as JavaScript" isNamed />
      </p>
    </li>
  );
}

export function Page() {
  const [identityPoolId, setIdentityPoolId] = useState("");
  const [identityId, setIdentityId] = useState("");
  const [flow, setFlow] = useState<Flow>("token");
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [steps, setSteps] = useState<readonly Step[]>([]);
  const [isBusy, setIsBusy] = useState(false);
  const lastKey = useRef(0);
  const identityField = useId();
  const add = (login: Login) => {
    lastKey.current += 1;
    // Of one provider there is one login in a call.
    const others = rows.filter(({ providerName }) => providerName === "" || providerName !== login.providerName);
    setRows([...others, { ...login, key: lastKey.current }]);
  };
  const change = (key: number, login: Login) => setRows(rows.map((row) => (row.key === key ? { ...login, key } : row)));
  const submit = async (event: Event) => {
    event.preventDefault();
    setIsBusy(true);
    const logins = Object.fromEntries(rows.map(({ providerName, token }) => [providerName, token]));
    await runMint({ identityPoolId, identityId, logins, flow }, setSteps);
    setIsBusy(false);
    announce("Done");
  };
  return (
    <>
      <Heading title="Mint a token" />
      <p class="muted lead">
        The calls of an app, made from here as an app makes them: without a signature. A new identity stays.
      </p>
      <form onSubmit={(event) => void submit(event)}>
        <PoolField value={identityPoolId} onChange={setIdentityPoolId} />
        <fieldset>
          <legend>Logins</legend>
          {rows.length === 0 && <p class="muted">None: a guest.</p>}
          {rows.map((row, index) => (
            <fieldset key={row.key} class="login" aria-label={`Login ${index + 1}`}>
              <LoginFields identityPoolId={identityPoolId} login={row} onChange={(login) => change(row.key, login)} />
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
          <button type="submit" class="primary" disabled={isBusy}>
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
          <ol class="steps">
            {steps.map((step, index) => (
              <StepView key={step.operation} step={step} at={index + 1} identityPoolId={identityPoolId} />
            ))}
          </ol>
        )}
      </section>
    </>
  );
}
