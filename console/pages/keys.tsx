/** The signing keys: which signs, when each began and ends, and the emergency rotation. */
import { useId } from "preact/hooks";
import { AsCommand, AsJson } from "../parts/behind.tsx";
import { Findings } from "../parts/findings.tsx";
import { Heading } from "../parts/heading.tsx";
import { KeyTimeLine } from "../parts/key-time-line.tsx";
import { RotateKey } from "../parts/rotate.tsx";
import { Empty, Load } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { Time } from "../parts/text.tsx";
import { useAllowed } from "../use-allowed.ts";
import { useCall } from "../use-call.ts";
import type { OutputOf } from "../wire.ts";

type Keys = OutputOf<"Edgepool.DescribeKeyRing">["Keys"];
type Key = Keys[number];

const STATES: Readonly<Record<Key["State"], readonly [shape: string, words: string]>> = {
  active: ["●", "signs"],
  next: ["○", "next"],
  retired: ["◌", "retired"],
};

function Step({ words, at }: { words: string; at: number | undefined }) {
  if (at === undefined) return null;
  return (
    <>
      {words} <Time at={at} />
      <br />
    </>
  );
}

function KeyTable({ keys, id }: { keys: Keys; id: string }) {
  return (
    <Table
      heads={["Key", "Algorithm", "State", "Until now", "From now on"]}
      caption="The signing keys"
      id={id}
      isFocusable
    >
      {keys.map((key) => {
        const [shape, words] = STATES[key.State];
        return (
          <tr key={key.KeyId}>
            <td>
              <code>{key.KeyId}</code>
            </td>
            <td>{key.Algorithm}</td>
            <td class="steps">
              <span aria-hidden="true">{shape}</span> {words}
            </td>
            <td class="steps">
              <Step words="published" at={key.PublishedAt} />
              <Step words="signs since" at={key.ActivatedAt} />
              <Step words="signed until" at={key.RetiredAt} />
            </td>
            <td class="steps">
              <Step words="signs" at={key.ActivatesAt} />
              <Step words="retires" at={key.RetiresAt} />
              <Step words="leaves the key set" at={key.LeavesAt} />
            </td>
          </tr>
        );
      })}
    </Table>
  );
}

export function Page() {
  const ring = useCall("Edgepool.DescribeKeyRing", {});
  const isAllowed = useAllowed();
  const table = useId();
  return (
    <>
      <div class="top">
        <Heading title="Signing keys" />
        {isAllowed("Edgepool.RotateSigningKey") && <RotateKey onChange={ring.reload} />}
      </div>
      <Load of={ring}>
        {(output) => {
          const { Keys: keys, NextStepAt, SealedUnder, Findings: findings } = output;
          return (
            <>
              <Findings findings={findings} nothing="All goes by its dates." />
              {keys.length === 0 ? (
                <Empty>
                  <p>No key is shown.</p>
                </Empty>
              ) : (
                <>
                  <KeyTimeLine keys={keys} now={Date.now() / 1000} describedBy={table} />
                  <KeyTable keys={keys} id={table} />
                </>
              )}
              <dl class="facts">
                {NextStepAt !== undefined && (
                  <div>
                    <dt>Next step</dt>
                    <dd>
                      <Time at={NextStepAt} />, by itself
                    </dd>
                  </div>
                )}
                {SealedUnder !== undefined && (
                  <div>
                    <dt>Sealed under</dt>
                    <dd>
                      the <code>KEY_ENCRYPTION_KEY</code> of the fingerprint <code>{SealedUnder}</code>
                    </dd>
                  </div>
                )}
              </dl>
              <AsJson value={output} />
              <AsCommand operation="Edgepool.DescribeKeyRing" input={{}} />
            </>
          );
        }}
      </Load>
    </>
  );
}
