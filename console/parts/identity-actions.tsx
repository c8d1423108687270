/** What can be done to an identity, each asked before it is done: stopped, given free, deleted, or a developer's user unlinked. */
import { useState } from "preact/hooks";
import { call } from "../api.ts";
import type { OutputOf } from "../wire.ts";
import { DangerDialog } from "./dialog.tsx";
import { announce } from "./live.tsx";

export type Identity = OutputOf<"Edgepool.DescribeIdentityInFull">;
type Login = Identity["Logins"][number];
/** `onChange` once it is done. */
export type Changed = { readonly identity: Identity; readonly onChange: () => void };

export function UnlinkUser({ login, identity, onChange }: Changed & { login: Login }) {
  const [isAsked, setIsAsked] = useState(false);
  const { ProviderName, DeveloperUserIdentifier = "" } = login;
  const { IdentityId, IdentityPoolId } = identity;
  const act = async () => {
    const input = { IdentityId, IdentityPoolId, DeveloperProviderName: ProviderName, DeveloperUserIdentifier };
    const answer = await call("UnlinkDeveloperIdentity", input);
    return answer.ok ? null : answer.failure;
  };
  const done = () => {
    setIsAsked(false);
    announce("Unlinked");
    onChange();
  };
  return (
    <>
      <button type="button" onClick={() => setIsAsked(true)}>
        Unlink<span class="unseen"> {DeveloperUserIdentifier}</span>
      </button>
      {isAsked && (
        <DangerDialog title="Unlink this user?" verb="Unlink" act={act} onDone={done} onClose={() => setIsAsked(false)}>
          <p>
            <code>{DeveloperUserIdentifier}</code> of <code>{ProviderName}</code> is taken off this identity. The next
            token for that user is of a new identity, with none of this one's data.
            {identity.Logins.length === 1 &&
              " It is the last login: the identity is closed then, and never opens again."}
          </p>
        </DangerDialog>
      )}
    </>
  );
}

function countOf(logins: number): string {
  return logins === 1 ? "1 login is" : `${logins} logins are`;
}

export function DeleteIdentity({ identity, onChange }: Changed) {
  const [isAsked, setIsAsked] = useState(false);
  const { IdentityId, Logins: logins } = identity;
  const act = async () => {
    const answer = await call("DeleteIdentities", { IdentityIdsToDelete: [IdentityId] });
    if (!answer.ok) return answer.failure;
    const [left] = answer.output.UnprocessedIdentityIds ?? [];
    if (left === undefined) return null;
    const message = "The identity was not deleted. It may be busy with a merge: try again in a moment.";
    const exception = left.ErrorCode === "AccessDenied" ? "AccessDeniedException" : "InternalErrorException";
    return {
      operation: "DeleteIdentities",
      exception,
      message,
      requestId: answer.requestId,
      retryAfterSeconds: null,
    } as const;
  };
  const done = () => {
    setIsAsked(false);
    announce("Deleted");
    onChange();
  };
  return (
    <>
      <button type="button" class="danger" onClick={() => setIsAsked(true)}>
        Delete
      </button>
      {isAsked && (
        <DangerDialog
          title="Delete this identity?"
          verb="Delete"
          act={act}
          onDone={done}
          onClose={() => setIsAsked(false)}
        >
          <p>
            <code>{IdentityId}</code> is gone for good.
            {logins.length > 0 &&
              ` Its ${countOf(logins.length)} free again: whoever signs in by one gets a new identity.`}{" "}
            Tokens that it has are good until they expire.
          </p>
        </DangerDialog>
      )}
    </>
  );
}

/** The operation that changes whether it is disabled. */
export function switchOf({ IsDisabled }: Identity) {
  return IsDisabled ? "Edgepool.EnableIdentity" : "Edgepool.DisableIdentity";
}

/** Disables an identity, and enables it again: nothing is lost by either. */
export function SwitchIdentity({ identity, onChange }: Changed) {
  const [isAsked, setIsAsked] = useState(false);
  const { IdentityId, IsDisabled } = identity;
  const verb = IsDisabled ? "Enable" : "Disable";
  const act = async () => {
    const answer = await call(switchOf(identity), { IdentityId });
    return answer.ok ? null : answer.failure;
  };
  const done = () => {
    setIsAsked(false);
    announce(`${verb}d`);
    onChange();
  };
  return (
    <>
      <button type="button" onClick={() => setIsAsked(true)}>
        {verb}
      </button>
      {isAsked && (
        <DangerDialog
          title={`${verb} this identity?`}
          verb={verb}
          act={act}
          onDone={done}
          onClose={() => setIsAsked(false)}
        >
          <p>
            {IsDisabled
              ? "Its user gets tokens again from now on."
              : "Its user is refused from now on, and its logins stay. Tokens that it has are good until they expire."}
          </p>
        </DangerDialog>
      )}
    </>
  );
}
