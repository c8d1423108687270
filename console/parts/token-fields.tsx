/** A login token, and the provider that it is of: a token that names its issuer fills in the provider by itself. */
import { useId, useRef } from "preact/hooks";
import { useCall } from "../use-call.ts";
import { providerNameIn } from "../token-words.ts";

export type Login = { readonly providerName: string; readonly token: string };

/** The providers of the pool, as suggestions. */
function Suggestions({ id, identityPoolId }: { id: string; identityPoolId: string }) {
  const { answer } = useCall("DescribeIdentityPool", { IdentityPoolId: identityPoolId });
  const pool = answer?.ok === true ? answer.output : undefined;
  const names = [
    ...Object.keys(pool?.SupportedLoginProviders ?? {}),
    ...(pool?.CognitoIdentityProviders ?? []).map(({ ProviderName }) => ProviderName),
    ...(pool?.OpenIdConnectProviderARNs ?? []).map((arn) => arn.replace(/^.*:oidc-provider\//, "")),
    ...(pool?.SamlProviderARNs ?? []),
  ];
  return (
    <datalist id={id}>
      {[...new Set(names)].map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}

/** `identityPoolId` may be empty: nothing is suggested then. */
export function LoginFields({
  identityPoolId,
  login,
  onChange,
}: {
  identityPoolId: string;
  login: Login;
  onChange: (login: Login) => void;
}) {
  const [providerField, tokenField, list] = [useId(), useId(), useId()];
  const filledIn = useRef("");
  const change = (token: string) => {
    const named = providerNameIn(token);
    const isOwnChoice = login.providerName !== "" && login.providerName !== filledIn.current;
    if (named === "" || isOwnChoice) return onChange({ ...login, token });
    filledIn.current = named;
    onChange({ providerName: named, token });
  };
  return (
    <>
      <div class="field">
        <label htmlFor={tokenField}>Login token</label>
        <textarea
          id={tokenField}
          rows={5}
          required
          value={login.token}
          autoComplete="off"
          spellcheck={false}
          onInput={(event) => change(event.currentTarget.value.trim())}
        />
      </div>
      <div class="field">
        <label htmlFor={providerField}>Provider</label>
        <input
          id={providerField}
          list={list}
          required
          maxLength={128}
          value={login.providerName}
          autoComplete="off"
          spellcheck={false}
          placeholder="accounts.google.com"
          aria-describedby={`${providerField}-hint`}
          onInput={(event) => onChange({ ...login, providerName: event.currentTarget.value.trim() })}
        />
        <p class="hint" id={`${providerField}-hint`}>
          The key of the <code>Logins</code> map. A token that names its issuer fills it in.
        </p>
        {identityPoolId !== "" && <Suggestions id={list} identityPoolId={identityPoolId} />}
      </div>
    </>
  );
}
