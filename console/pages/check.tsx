/** Why a login token is accepted or refused: CheckLogin, each rule with what it expects and what is there. */
import { useEffect, useState } from "preact/hooks";
import type { InputOf, OutputOf } from "../wire.ts";
import { takeOver } from "../handover.ts";
import type { MarkKind } from "../mark-kind.ts";
import { AsCommand, AsJson } from "../parts/behind.tsx";
import { Heading } from "../parts/heading.tsx";
import { announce } from "../parts/live.tsx";
import { Mark } from "../parts/mark.tsx";
import { PoolField } from "../parts/pool-field.tsx";
import { Empty, Load } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { type Login, LoginFields } from "../parts/token-fields.tsx";
import { useCall } from "../use-call.ts";
import { providerNamesOf } from "../provider-names.ts";
import { usePool } from "../use-pool.ts";

const OPERATION = "Edgepool.CheckLogin";
type Input = InputOf<typeof OPERATION>;
type Output = OutputOf<typeof OPERATION>;
type Rule = Output["Rules"][number];

const MARKS: Readonly<Record<string, readonly [kind: MarkKind, word: string]>> = {
  passed: ["good", "Passed"],
  failed: ["bad", "Failed"],
  "not-reached": ["none", "Not reached"],
};

function nameOf({ Rule: rule }: Rule): string {
  return rule.replaceAll("-", " ");
}

function RuleRow({ rule }: { rule: Rule }) {
  const [kind, word] = MARKS[rule.Outcome] ?? ["none", rule.Outcome];
  return (
    <tr class={rule.Outcome}>
      <td>
        <Mark kind={kind}>{word}</Mark>
      </td>
      <th scope="row">{nameOf(rule)}</th>
      <td data-label="Expected">{rule.Expected}</td>
      <td data-label="Found">
        {rule.Found !== undefined && <code>{rule.Found}</code>}
        {rule.Found === undefined && rule.Outcome === "failed" && <span class="muted">nothing</span>}
      </td>
    </tr>
  );
}

function Verdict({ output, refusedFor }: { output: Output; refusedFor: string | undefined }) {
  const { Accepted, Exception, Refusal, Rules } = output;
  const failed = Rules.find(({ Outcome }) => Outcome === "failed");
  useEffect(() => announce(Accepted ? "Accepted" : `Refused: ${Refusal}`), [output]);
  return (
    <>
      <div class={`verdict ${Accepted ? "good" : "bad"}`}>
        <h2>
          <Mark kind={Accepted ? "good" : "bad"}>{Accepted ? "Accepted" : "Refused"}</Mark>
        </h2>
        {Accepted && refusedFor === undefined && <p>Every rule is passed: GetId would take this login.</p>}
        {Accepted && refusedFor !== undefined && (
          <p>
            Every rule is passed: the login alone is good. The call was refused for the identity that it named,{" "}
            <a href={`#identity/${refusedFor}`}>
              <code>{refusedFor}</code>
            </a>
            : this is not a login of it.
          </p>
        )}
        {!Accepted && (
          <>
            <p>
              GetId would say <strong>{Exception}</strong>: {Refusal}
            </p>
            {failed !== undefined && (
              <dl class="facts">
                <dt>It fails at</dt>
                <dd>
                  <strong>{nameOf(failed)}</strong>
                </dd>
                <dt>Expected</dt>
                <dd>{failed.Expected}</dd>
                <dt>Found</dt>
                <dd>{failed.Found === undefined ? <span class="muted">nothing</span> : <code>{failed.Found}</code>}</dd>
              </dl>
            )}
          </>
        )}
      </div>
      <Table heads={["Outcome", "Rule", "Expected", "Found"]} kind="rules">
        {Rules.map((rule) => (
          <RuleRow key={rule.Rule} rule={rule} />
        ))}
      </Table>
    </>
  );
}

function Checked({ input, refusedFor }: { input: Input; refusedFor: string | undefined }) {
  const checked = useCall(OPERATION, input);
  return (
    <Load of={checked}>
      {(output) => (
        <>
          <Verdict output={output} refusedFor={refusedFor} />
          <AsJson value={output} />
          <AsCommand operation={OPERATION} input={input} />
        </>
      )}
    </Load>
  );
}

export function Page() {
  const [handed] = useState(takeOver);
  const [identityPoolId, setIdentityPoolId] = useState(handed?.identityPoolId ?? "");
  const [login, setLogin] = useState<Login>({ providerName: handed?.providerName ?? "", token: handed?.token ?? "" });
  const [asked, setAsked] = useState<{ readonly input: Input; readonly turn: number } | null>(null);
  const providerNames = providerNamesOf(usePool(identityPoolId));
  const submit = (event: Event) => {
    event.preventDefault();
    const input = { IdentityPoolId: identityPoolId, Logins: { [login.providerName]: login.token } };
    setAsked({ input, turn: (asked?.turn ?? 0) + 1 });
  };
  return (
    <>
      <Heading title="Login check" />
      <p class="muted lead">
        Why is this login refused? The token is judged as GetId judges it, rule by rule. Nothing is made, linked or
        kept.
      </p>
      <form onSubmit={submit}>
        <PoolField value={identityPoolId} onChange={setIdentityPoolId} />
        <LoginFields providerNames={providerNames} login={login} onChange={setLogin} />
        <p class="actions">
          <button type="submit" class="primary">
            Check
          </button>
        </p>
      </form>
      <section aria-label="Result" class="result">
        {asked === null ? (
          <Empty>
            <p>Paste the token that your app brings as a login, and see what becomes of it.</p>
          </Empty>
        ) : (
          <Checked
            key={asked.turn}
            input={asked.input}
            // Of the login that was handed over, and not of another that is entered since.
            refusedFor={
              Object.values(asked.input.Logins).includes(handed?.token ?? "") ? handed?.refusedFor : undefined
            }
          />
        )}
      </section>
    </>
  );
}
