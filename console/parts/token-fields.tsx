/** A login token, and the provider that it is of: a token that names its issuer fills in the provider by itself. */
import { useId, useRef } from "preact/hooks";
import { providerNameIn } from "../token-words.ts";

export type Login = { readonly providerName: string; readonly token: string };

/** `providerNames` are suggested. */
export function LoginFields({
  providerNames,
  login,
  onChange,
}: {
  providerNames: readonly string[];
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
        <datalist id={list}>
          {[...new Set(providerNames)].map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </div>
    </>
  );
}
