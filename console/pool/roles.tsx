/** The roles of a pool, by which it is chosen who is given credentials of which. */
import { useState } from "preact/hooks";
import { call, type Failure as Fault } from "../api.ts";
import { AsCommand, AsJson } from "../parts/behind.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Failure } from "../parts/failure.tsx";
import { announce } from "../parts/live.tsx";
import { Empty, Load } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { useAllowed } from "../use-allowed.ts";
import { useCall } from "../use-call.ts";
import type { InputOf, OutputOf } from "../wire.ts";
import { Text } from "./form.tsx";
import { Problems } from "./problems.tsx";

type Roles = OutputOf<"GetIdentityPoolRoles">;
type Mapping = NonNullable<Roles["RoleMappings"]>[string];

const MATCHES = { Equals: "is", Contains: "contains", StartsWith: "begins with", NotEqual: "is not" };

function otherwise({ AmbiguousRoleResolution }: Mapping): string {
  return AmbiguousRoleResolution === "Deny" ? "refused" : "the role of users";
}

function MappingRows({ provider, mapping }: { provider: string; mapping: Mapping }) {
  if (mapping.Type === "Token") {
    return (
      <p>
        <strong>{provider}</strong>: the role that the login token names; without one {otherwise(mapping)}.
      </p>
    );
  }
  return (
    <>
      <p>
        <strong>{provider}</strong>: the first rule that fits; without one {otherwise(mapping)}.
      </p>
      <Table heads={["Claim", "Must", "Role"]}>
        {(mapping.RulesConfiguration?.Rules ?? []).map(({ Claim, MatchType, Value, RoleARN }, index) => (
          <tr key={index}>
            <td>
              <code>{Claim}</code>
            </td>
            <td>
              {MATCHES[MatchType]} <code>{Value}</code>
            </td>
            <td>
              <code>{RoleARN}</code>
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function parsedMappings(text: string): InputOf<"SetIdentityPoolRoles">["RoleMappings"] | null {
  try {
    const value: unknown = JSON.parse(text.trim() === "" ? "{}" : text);
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
    return isMap ? (value as InputOf<"SetIdentityPoolRoles">["RoleMappings"]) : null;
  } catch {
    return null;
  }
}

type EditorProps = { readonly identityPoolId: string; readonly roles: Roles; onDone: () => void; onClose: () => void };

function RolesDialog({
  identityPoolId,
  roles: { Roles: given = {}, RoleMappings = {} },
  onDone,
  onClose,
}: EditorProps) {
  const [users, setUsers] = useState(given["authenticated"] ?? "");
  const [guests, setGuests] = useState(given["unauthenticated"] ?? "");
  const [text, setText] = useState(JSON.stringify(RoleMappings, null, 2));
  const [problems, setProblems] = useState<readonly string[]>([]);
  const [failure, setFailure] = useState<Fault | null>(null);
  const save = async (event: Event) => {
    event.preventDefault();
    const mappings = parsedMappings(text);
    setProblems(mappings === null ? ["The role mappings must be a JSON object of provider name to mapping."] : []);
    if (mappings === null) return;
    const answer = await call("SetIdentityPoolRoles", {
      IdentityPoolId: identityPoolId,
      Roles: {
        ...(users.trim() !== "" && { authenticated: users.trim() }),
        ...(guests.trim() !== "" && { unauthenticated: guests.trim() }),
      },
      RoleMappings: mappings,
    });
    if (!answer.ok) return setFailure(answer.failure);
    announce("Saved the roles");
    onDone();
  };
  return (
    <Dialog title="Roles" onClose={onClose}>
      <form onSubmit={(event) => void save(event)} noValidate>
        <Text label="Role of users" hint="An ARN of a role in your account; empty: none." text={users} set={setUsers} />
        <Text label="Role of guests" text={guests} set={setGuests} />
        <Text
          label="Role mappings"
          hint={'JSON by provider name, as {"accounts.google.com":{"Type":"Token","AmbiguousRoleResolution":"Deny"}}.'}
          text={text}
          rows={8}
          set={setText}
        />
        <Problems problems={problems} />
        {failure !== null && <Failure failure={failure} />}
        <p class="actions">
          <button type="submit" class="primary">
            Save
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </p>
      </form>
    </Dialog>
  );
}

export function PoolRoles({ identityPoolId }: { identityPoolId: string }) {
  const isAllowed = useAllowed();
  const [isEdited, setIsEdited] = useState(false);
  const roles = useCall("GetIdentityPoolRoles", { IdentityPoolId: identityPoolId });
  const done = () => {
    setIsEdited(false);
    roles.reload();
  };
  return (
    <section aria-labelledby="roles">
      <h2 id="roles">Roles</h2>
      <Load of={roles}>
        {(output) => {
          const { Roles: given = {}, RoleMappings = {} } = output;
          const hasNone = Object.keys(given).length === 0 && Object.keys(RoleMappings).length === 0;
          return (
            <>
              {hasNone ? (
                <Empty>
                  <p>No role: the pool gives out OpenID tokens, and no credentials of AWS.</p>
                </Empty>
              ) : (
                <dl class="facts">
                  <div>
                    <dt>Users</dt>
                    <dd>{given["authenticated"] === undefined ? "none" : <code>{given["authenticated"]}</code>}</dd>
                  </div>
                  <div>
                    <dt>Guests</dt>
                    <dd>{given["unauthenticated"] === undefined ? "none" : <code>{given["unauthenticated"]}</code>}</dd>
                  </div>
                </dl>
              )}
              {Object.entries(RoleMappings).map(([provider, mapping]) => (
                <MappingRows key={provider} provider={provider} mapping={mapping} />
              ))}
              {isAllowed("SetIdentityPoolRoles") && (
                <p class="actions">
                  <button type="button" onClick={() => setIsEdited(true)}>
                    Edit the roles
                  </button>
                </p>
              )}
              {isEdited && (
                <RolesDialog
                  identityPoolId={identityPoolId}
                  roles={output}
                  onDone={done}
                  onClose={() => setIsEdited(false)}
                />
              )}
              <AsJson value={output} />
              <AsCommand operation="GetIdentityPoolRoles" input={roles.input} />
            </>
          );
        }}
      </Load>
    </section>
  );
}
