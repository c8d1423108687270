/** The fields of a pool's settings. */
import type { TargetedInputEvent } from "preact";
import { useId } from "preact/hooks";
import type { Draft, Pair, UserPool } from "./draft.ts";

type PoolFormProps = {
  readonly draft: Draft;
  readonly change: (draft: Draft) => void;
  /** Once it is set it stays. */
  readonly hasDeveloperProvider: boolean;
};

function Check({
  label,
  hint,
  isOn,
  set,
}: {
  label: string;
  hint: string;
  isOn: boolean;
  set: (isOn: boolean) => void;
}) {
  const [field, about] = [useId(), useId()];
  return (
    <div class="field">
      <div class="check">
        <input
          id={field}
          type="checkbox"
          checked={isOn}
          aria-describedby={about}
          onChange={(event) => set(event.currentTarget.checked)}
        />
        <label htmlFor={field}>{label}</label>
      </div>
      <p class="hint" id={about}>
        {hint}
      </p>
    </div>
  );
}

type TextProps = {
  readonly label: string;
  readonly hint?: string;
  readonly text: string;
  readonly set: (text: string) => void;
  /** Several lines; absent: one. */
  readonly rows?: number;
  readonly isFixed?: boolean;
};

export function Text({ label, hint, text, set, rows, isFixed = false }: TextProps) {
  const [field, about] = [useId(), useId()];
  const common = {
    id: field,
    value: text,
    "aria-describedby": hint === undefined ? undefined : about,
    spellcheck: false,
    readOnly: isFixed,
  };
  return (
    <div class="field">
      <label htmlFor={field}>{label}</label>
      {rows === undefined ? (
        <input {...common} autoComplete="off" onInput={(event) => set(event.currentTarget.value)} />
      ) : (
        <textarea {...common} rows={rows} onInput={(event) => set(event.currentTarget.value)} />
      )}
      {hint !== undefined && (
        <p class="hint" id={about}>
          {hint}
        </p>
      )}
    </div>
  );
}

type PairsProps = {
  readonly title: string;
  /** What stands on the left, and on the right. */
  readonly labels: readonly [name: string, value: string];
  readonly pairs: readonly Pair[];
  readonly set: (pairs: readonly Pair[]) => void;
};

/** What the columns of the rows below are; each field has its name for those who cannot see them. */
function Heads({ labels }: { labels: readonly [string, string] }) {
  return (
    <div class="pair heads" aria-hidden="true">
      {labels.map((label) => (
        <span key={label}>{label}</span>
      ))}
    </div>
  );
}

function replaced<Item>(items: readonly Item[], index: number, item: Item): readonly Item[] {
  return items.map((other, at) => (at === index ? item : other));
}

/** Rows of two fields, as many as there are, with a button for one more. */
export function Pairs({ title, labels: [nameLabel, valueLabel], pairs, set }: PairsProps) {
  return (
    <fieldset>
      <legend>{title}</legend>
      {pairs.length > 0 && <Heads labels={[nameLabel, valueLabel]} />}
      {pairs.map((pair, index) => {
        const value = {
          "aria-label": `${valueLabel} ${index + 1}`,
          placeholder: valueLabel,
          value: pair.value,
          autoComplete: "off",
          spellcheck: false,
          onInput: (event: TargetedInputEvent<HTMLInputElement>) =>
            set(replaced(pairs, index, { ...pair, value: event.currentTarget.value })),
        } as const;
        return (
          <div class="pair" key={index}>
            <input
              aria-label={`${nameLabel} ${index + 1}`}
              placeholder={nameLabel}
              value={pair.name}
              spellcheck={false}
              onInput={(event) => set(replaced(pairs, index, { ...pair, name: event.currentTarget.value }))}
            />
            {pair.name === "api.twitter.com" ? <input type="password" {...value} /> : <input {...value} />}
            <button
              type="button"
              aria-label={`Remove ${pair.name === "" ? `row ${index + 1}` : pair.name}`}
              onClick={() => set(pairs.filter((other) => other !== pair))}
            >
              Remove
            </button>
          </div>
        );
      })}
      <button type="button" onClick={() => set([...pairs, { name: "", value: "" }])}>
        Add
      </button>
    </fieldset>
  );
}

function UserPools({ userPools, set }: { userPools: readonly UserPool[]; set: (pools: readonly UserPool[]) => void }) {
  return (
    <fieldset>
      <legend>Amazon Cognito user pools</legend>
      {userPools.length > 0 && <Heads labels={["User pool", "Client id"]} />}
      {userPools.map((pool, index) => (
        <div class="pair" key={index}>
          <input
            aria-label={`User pool ${index + 1}`}
            placeholder="cognito-idp.REGION.amazonaws.com/POOL"
            value={pool.providerName}
            spellcheck={false}
            onInput={(event) => set(replaced(userPools, index, { ...pool, providerName: event.currentTarget.value }))}
          />
          <input
            aria-label={`Client id of user pool ${index + 1}`}
            placeholder="Client id"
            value={pool.clientId}
            spellcheck={false}
            onInput={(event) => set(replaced(userPools, index, { ...pool, clientId: event.currentTarget.value }))}
          />
          <label class="inline">
            <input
              type="checkbox"
              checked={pool.isChecked}
              onChange={(event) => set(replaced(userPools, index, { ...pool, isChecked: event.currentTarget.checked }))}
            />
            Server-side check
          </label>
          <button
            type="button"
            aria-label={`Remove user pool ${index + 1}`}
            onClick={() => set(userPools.filter((other) => other !== pool))}
          >
            Remove
          </button>
        </div>
      ))}
      <button type="button" onClick={() => set([...userPools, { providerName: "", clientId: "", isChecked: false }])}>
        Add a user pool
      </button>
    </fieldset>
  );
}

export function PoolForm({ draft, change, hasDeveloperProvider }: PoolFormProps) {
  const set = (part: Partial<Draft>) => change({ ...draft, ...part });
  return (
    <>
      <Text label="Name" text={draft.name} set={(name) => set({ name })} />
      <Check
        label="Guests"
        hint="An app may have an identity for somebody who has not signed in."
        isOn={draft.allowsGuests}
        set={(allowsGuests) => set({ allowsGuests })}
      />
      <Check
        label="Classic flow"
        hint="Without it GetOpenIdToken is refused, and credentials alone are given out."
        isOn={draft.allowsClassicFlow}
        set={(allowsClassicFlow) => set({ allowsClassicFlow })}
      />
      <Pairs
        title="Login providers"
        labels={["Provider name", "Client id"]}
        pairs={draft.providers}
        set={(providers) => set({ providers })}
      />
      <UserPools userPools={draft.userPools} set={(userPools) => set({ userPools })} />
      <Text
        label="OpenID Connect providers"
        hint="ARNs, one a line. Their client ids are in the setting OIDC_PROVIDERS."
        text={draft.openIdConnectArns}
        rows={3}
        set={(openIdConnectArns) => set({ openIdConnectArns })}
      />
      <Text
        label="SAML providers"
        hint="ARNs, one a line. They are kept, and their assertions are refused."
        text={draft.samlArns}
        rows={2}
        set={(samlArns) => set({ samlArns })}
      />
      <Text
        label="Developer provider"
        hint="The name under which your own backend signs its users in. Once set, it stays."
        text={draft.developerProvider}
        isFixed={hasDeveloperProvider}
        set={(developerProvider) => set({ developerProvider })}
      />
      <Pairs title="Tags" labels={["Key", "Value"]} pairs={draft.tags} set={(tags) => set({ tags })} />
    </>
  );
}
