/** The identities of a pool, sixty at a time: found by id, chosen, and deleted. */
import { useState } from "preact/hooks";
import { call, type Failure as Fault } from "../api.ts";
import { segmentOf } from "../match.ts";
import type { PageProps } from "../pages.ts";
import { AsCommand, AsJson } from "../parts/behind.tsx";
import { DangerDialog } from "../parts/dialog.tsx";
import { Failure } from "../parts/failure.tsx";
import { FindByLogin } from "../parts/find-by-login.tsx";
import { Heading } from "../parts/heading.tsx";
import { announce } from "../parts/live.tsx";
import { Pager } from "../parts/pager.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { Empty, Load } from "../parts/shown.tsx";
import { Id, Time } from "../parts/text.tsx";
import { Trail } from "../parts/trail.tsx";
import { go } from "../router.ts";
import { useAllowed } from "../use-allowed.ts";
import { type Call, useCall } from "../use-call.ts";
import { usePages } from "../use-pages.ts";
import type { OutputOf } from "../wire.ts";

/** The most that the service lists at once, and deletes at once. */
const ROWS = 60;

type Identities = NonNullable<OutputOf<"ListIdentities">["Identities"]>;

/** What the service could not delete stays, and is named. */
function remainderOf(count: number, { UnprocessedIdentityIds = [] }: OutputOf<"DeleteIdentities">): Fault | null {
  if (UnprocessedIdentityIds.length === 0) return null;
  const ids = UnprocessedIdentityIds.map(({ IdentityId, ErrorCode }) => `${IdentityId} (${ErrorCode})`).join(", ");
  return {
    operation: "DeleteIdentities",
    exception: "Not all were deleted",
    message: `${count - UnprocessedIdentityIds.length} of ${count} were. These are left: ${ids}.`,
    requestId: null,
    retryAfterSeconds: null,
  };
}

function DeleteDialog({ ids, onDone, onClose }: { ids: readonly string[]; onDone: () => void; onClose: () => void }) {
  const act = async (): Promise<Fault | null> => {
    const answer = await call("DeleteIdentities", { IdentityIdsToDelete: ids });
    return answer.ok ? remainderOf(ids.length, answer.output) : answer.failure;
  };
  const what = ids.length === 1 ? "this identity" : `these ${ids.length} identities`;
  return (
    <DangerDialog title={`Delete ${what}?`} verb="Delete" act={act} onDone={onDone} onClose={onClose}>
      <p>
        It is for good: whoever signs in with one of their logins again gets another identity, and what was stored under
        the old id is out of reach.
      </p>
      <ul class="plain">
        {ids.map((id) => (
          <li key={id}>
            <code>{id}</code>
          </li>
        ))}
      </ul>
    </DangerDialog>
  );
}

type Choice = { readonly chosen: ReadonlySet<string>; readonly choose: (ids: ReadonlySet<string>) => void };

/** As far as a list tells it: which of those without a login is a guest, the page of each knows. */
function standingOf(logins: readonly string[], isHiding: boolean): string {
  if (logins.length > 0) return "Authenticated";
  return isHiding ? "Guest or closed" : "Guest, closed or merged";
}

type TableProps = {
  readonly identities: Identities;
  /** Without disabled ones, also those that a merge has absorbed. */
  readonly isHiding: boolean;
  readonly choice: Choice | null;
};

function Table({ identities, isHiding, choice }: TableProps) {
  const ids = identities.map(({ IdentityId = "" }) => IdentityId);
  const isAll = choice !== null && ids.every((id) => choice.chosen.has(id));
  return (
    <div class="table stacked">
      <table>
        <thead>
          <tr>
            {choice !== null && (
              <th scope="col" class="box">
                <input
                  type="checkbox"
                  aria-label="Choose all that are shown"
                  checked={isAll}
                  onChange={() => choice.choose(new Set(isAll ? [] : ids))}
                />
              </th>
            )}
            <th scope="col">Identity</th>
            <th scope="col">Standing</th>
            <th scope="col">Logins</th>
            <th scope="col">Created</th>
            <th scope="col">Changed</th>
          </tr>
        </thead>
        <tbody>
          {identities.map(({ IdentityId = "", Logins = [], CreationDate = 0, LastModifiedDate = 0 }) => (
            <tr key={IdentityId}>
              {choice !== null && (
                <td class="box">
                  <input
                    type="checkbox"
                    aria-label={`Choose ${IdentityId}`}
                    checked={choice.chosen.has(IdentityId)}
                    onChange={() => choice.choose(choice.chosen.symmetricDifference(new Set([IdentityId])))}
                  />
                </td>
              )}
              <td>
                <Id id={IdentityId} what="identity id" href={`#identity/${IdentityId}`} />
              </td>
              <td data-label="Standing">{standingOf(Logins, isHiding)}</td>
              <td data-label="Logins">{Logins.length === 0 ? <span class="muted">none</span> : Logins.join(", ")}</td>
              <td data-label="Created">
                <Time at={CreationDate} />
              </td>
              <td data-label="Changed">
                <Time at={LastModifiedDate} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Makes a guest as any app does; `made` is told of it. */
function GuestButton({ identityPoolId, made }: { identityPoolId: string; made: (failure: Fault | null) => void }) {
  const [isBusy, setIsBusy] = useState(false);
  const make = async () => {
    setIsBusy(true);
    const answer = await call("GetId", { IdentityPoolId: identityPoolId });
    setIsBusy(false);
    if (answer.ok) announce(`Made the guest ${answer.output.IdentityId}`);
    made(answer.ok ? null : answer.failure);
  };
  return (
    <button type="button" disabled={isBusy} onClick={() => void make()}>
      Make a guest
    </button>
  );
}

function nothing(listed: Call<"ListIdentities">, hasMore: boolean): string {
  if (hasMore) return "None among those that were looked at; more exist.";
  if (listed.input.NextToken !== undefined) return "None on this page. Others are on the pages before it.";
  return listed.input.HideDisabled === true ? "No identity that is enabled." : "No identity yet.";
}

/** Whether `count` of them are all that the last page shows. */
function isEndOf({ answer }: Call<"ListIdentities">, count: number): boolean {
  return answer?.ok === true && answer.output.NextToken === undefined && answer.output.Identities?.length === count;
}

export function Page({ params: [identityPoolId = ""] }: PageProps) {
  const isAllowed = useAllowed();
  const pages = usePages();
  const [isHiding, setIsHiding] = useState(false);
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const [isAsking, setIsAsking] = useState(false);
  const [failure, setFailure] = useState<Fault | null>(null);
  const listed = useCall("ListIdentities", {
    IdentityPoolId: identityPoolId,
    MaxResults: ROWS,
    HideDisabled: isHiding,
    ...(pages.token !== undefined && { NextToken: pages.token }),
  });
  const made = (failed: Fault | null) => {
    const isPoolGone = failed?.exception === "ResourceNotFoundException";
    // The list says it.
    setFailure(isPoolGone ? null : failed);
    if (failed === null || isPoolGone) listed.reload();
  };
  const deleted = () => {
    announce(`Deleted ${chosen.size}`);
    choose(new Set());
    setIsAsking(false);
    if (pages.token !== undefined && isEndOf(listed, chosen.size)) pages.back();
    else listed.reload();
  };
  const closed = () => {
    setIsAsking(false);
    // Some may be gone even where not all are.
    listed.reload();
  };
  const turn = (move: () => void) => {
    choose(new Set());
    move();
  };
  return (
    <>
      <Trail
        steps={[
          ["Identity pools", "#pools"],
          [identityPoolId, `#pool/${identityPoolId}`],
        ]}
      />
      <div class="top">
        <Heading title="Identities" />
        {listed.answer?.ok !== false && <GuestButton identityPoolId={identityPoolId} made={made} />}
      </div>
      <SearchField label="Find by identity id" verb="Find" search={(id) => go(`identity/${segmentOf(id)}`)} />
      {isAllowed("Edgepool.FindIdentityByLogin") && <FindByLogin identityPoolId={identityPoolId} />}
      <div class="bar-of-tools">
        <div>
          <p class="check">
            <input
              id="hide-disabled"
              type="checkbox"
              checked={isHiding}
              onChange={(event) => {
                const isOn = event.currentTarget.checked;
                turn(() => {
                  setIsHiding(isOn);
                  pages.reset();
                });
              }}
            />
            <label htmlFor="hide-disabled">Hide disabled ones, also those that a merge has absorbed</label>
          </p>
          <p class="hint">The list does not tell who is disabled: the page of each does.</p>
        </div>
        {isAllowed("DeleteIdentities") && (
          <button type="button" class="danger" disabled={chosen.size === 0} onClick={() => setIsAsking(true)}>
            Delete {chosen.size === 0 ? "the chosen" : chosen.size}
          </button>
        )}
      </div>
      {failure !== null && <Failure failure={failure} />}
      <Load of={listed}>
        {({ Identities = [], NextToken }) => (
          <>
            {Identities.length === 0 ? (
              <Empty>
                <p>{nothing(listed, NextToken !== undefined)}</p>
              </Empty>
            ) : (
              <Table
                identities={Identities}
                isHiding={isHiding}
                choice={isAllowed("DeleteIdentities") ? { chosen, choose } : null}
              />
            )}
            <Pager
              pages={{ ...pages, next: (token) => turn(() => pages.next(token)), back: () => turn(pages.back) }}
              shown={Identities.length}
              nextToken={NextToken}
            />
            <AsJson value={{ IdentityPoolId: identityPoolId, Identities, NextToken }} />
            <AsCommand operation="ListIdentities" input={listed.input} />
          </>
        )}
      </Load>
      {isAsking && <DeleteDialog ids={[...chosen]} onDone={deleted} onClose={closed} />}
    </>
  );
}
