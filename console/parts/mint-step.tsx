/** One call of the mint: how it went, what it gave, and the commands that make it elsewhere. */
import type { Failure as Fault } from "../api.ts";
import { commandOf, unsignedCommandsOf } from "../command.ts";
import { handOver } from "../handover.ts";
import { BY_BACKEND, OWN_PROVIDER, type Step } from "../minting.ts";
import { go } from "../router.ts";
import { service } from "../service.ts";
import { useAllowed } from "../use-allowed.ts";
import type { InputOf, OutputOf } from "../wire.ts";
import { Listing } from "./behind.tsx";
import { Failure } from "./failure.tsx";
import { GoodLoginRefused, isOfIdentity } from "./good-login-refused.tsx";
import { Mark } from "./mark.tsx";
import { Loading } from "./shown.tsx";
import { CopyButton, Id } from "./text.tsx";

type StepViewProps = {
  readonly step: Step;
  /** Its number, from 1. */
  readonly at: number;
  readonly identityPoolId: string;
  /** The same again, for whatever identity the logins have. */
  readonly onMintWithout: () => void;
};

type RefusedProps = Omit<StepViewProps, "at"> & { readonly failure: Fault };

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

function Commands({ step: { operation, input } }: { step: Step }) {
  const region = service.get()?.region ?? "";
  const { curl, aws, javascript } =
    operation === BY_BACKEND
      ? { aws: commandOf(operation, input as InputOf<typeof BY_BACKEND>, location.origin, region) }
      : unsignedCommandsOf(operation, input, location.origin, region);
  return (
    <p class="actions">
      {curl !== undefined && <CopyButton text={curl} what="as curl" isNamed />}
      <CopyButton text={aws} what="as AWS CLI" isNamed />
      {javascript !== undefined && <CopyButton text={javascript} what="as JavaScript" isNamed />}
    </p>
  );
}

function Refused({ step: { operation, input }, failure, identityPoolId, onMintWithout }: RefusedProps) {
  const isAllowed = useAllowed();
  const all = Object.entries(("Logins" in input ? input.Logins : undefined) ?? {});
  // The backend's own user, who stands last, has no token to check; this service's own token is no login of a pool.
  const logins = (operation === BY_BACKEND ? all.slice(0, -1) : all).filter(([name]) => name !== OWN_PROVIDER);
  const identityId = "IdentityId" in input ? input.IdentityId : undefined;
  const refusedFor = identityId !== undefined && isOfIdentity(failure) ? identityId : undefined;
  const check = ([providerName, token]: readonly [string, string]) => {
    handOver({ identityPoolId, providerName, token, ...(refusedFor !== undefined && { refusedFor }) });
    go("check");
  };
  return (
    <>
      <Failure failure={failure} />
      {refusedFor === undefined && failure.exception === "ResourceConflictException" && (
        <p>Each of these logins may be good: they are of different identities, and a call is for one.</p>
      )}
      {refusedFor !== undefined && logins.length > 0 && (
        <GoodLoginRefused identityPoolId={identityPoolId} logins={logins} onMintWithout={onMintWithout} />
      )}
      {isAllowed("Edgepool.CheckLogin") &&
        logins.map((login) => (
          <p key={login[0]}>
            <button type="button" onClick={() => check(login)}>
              {logins.length === 1 ? "Check this login, rule by rule" : `Check the login at ${login[0]}, rule by rule`}
            </button>
          </p>
        ))}
    </>
  );
}

export function StepView({ step, at, identityPoolId, onMintWithout }: StepViewProps) {
  const { operation, input, answer, durationMs } = step;
  return (
    <li>
      <h2>
        {at}. {operation}{" "}
        {answer !== null && <Mark kind={answer.ok ? "good" : "bad"}>{answer.ok ? "Answered" : "Refused"}</Mark>}{" "}
        {durationMs !== null && <span class="muted">{Math.round(durationMs)} ms</span>}
      </h2>
      {answer === null && <Loading />}
      {answer?.ok === false && (
        <Refused step={step} failure={answer.failure} identityPoolId={identityPoolId} onMintWithout={onMintWithout} />
      )}
      <Result step={step} />
      <Listing title="Request" what="the request" text={JSON.stringify(input, null, 2)} />
      {answer?.ok === true && <Listing title="Answer" what="the answer" text={shown(answer.output)} />}
      <Commands step={step} />
    </li>
  );
}
