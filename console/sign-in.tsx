/** Signing in with a key of ADMIN_CREDENTIALS: one call tells whether it is one. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { ConsoleConfig } from "../src/protocol/console-config.ts";
import { call, type Failure as Fault } from "./api.ts";
import { Failure } from "./parts/failure.tsx";
import { Heading } from "./parts/heading.tsx";
import { farewell, type Key, signIn } from "./session.ts";
import { useStore } from "./store.ts";

/** Null when the key is good. One that may not make this call has signed it all the same. */
async function faultOf(key: Key): Promise<Fault | null> {
  const answer = await call("Edgepool.DescribeService", {}, { key });
  return answer.ok || answer.failure.exception === "AccessDeniedException" ? null : answer.failure;
}

export function SignIn({ config }: { config: ConsoleConfig }) {
  const [failure, setFailure] = useState<Fault | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const [keyIdField, secretField, keepField] = [useId(), useId(), useId()];
  const goodbye = useStore(farewell);
  useEffect(() => form.current?.querySelector<HTMLElement>("button, input")?.focus({ preventScroll: true }), []);

  const enter = async (key: Key, isKept: boolean) => {
    setIsBusy(true);
    const fault = await faultOf(key);
    setIsBusy(false);
    setFailure(fault);
    if (fault === null) signIn(key, isKept);
  };
  const isKept = () => new FormData(form.current ?? undefined).has("keep");
  const submit = (event: Event) => {
    event.preventDefault();
    const fields = new FormData(form.current ?? undefined);
    const textOf = (name: string) => {
      const text = fields.get(name);
      return typeof text === "string" ? text.trim() : "";
    };
    void enter({ accessKeyId: textOf("key-id"), secretAccessKey: textOf("secret") }, isKept());
  };
  const { localKey } = config;
  return (
    <main class="sign-in">
      <Heading title="Edgepool console">Edgepool</Heading>
      <p class="muted">
        Sign in with a key of <code>ADMIN_CREDENTIALS</code>. It stays in this tab; each request is signed here.
      </p>
      {goodbye !== "" && <p role="status">{goodbye}</p>}
      <form ref={form} onSubmit={submit}>
        {localKey !== undefined && (
          <>
            <button type="button" class="primary" disabled={isBusy} onClick={() => void enter(localKey, isKept())}>
              Sign in with the local key
            </button>
            <p class="or">or with another</p>
          </>
        )}
        <label htmlFor={keyIdField}>Access key id</label>
        <input id={keyIdField} name="key-id" required autoComplete="off" autoCapitalize="off" spellcheck={false} />
        <label htmlFor={secretField}>Secret access key</label>
        <input id={secretField} name="secret" type="password" required autoComplete="off" />
        <p class="check">
          <input id={keepField} name="keep" type="checkbox" />
          <label htmlFor={keepField}>Keep for this tab, until half an hour without use</label>
        </p>
        <button type="submit" class={localKey === undefined ? "primary" : ""} disabled={isBusy}>
          Sign in
        </button>
      </form>
      {failure !== null && <Failure failure={failure} />}
    </main>
  );
}
