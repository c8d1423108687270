/** What is around every page: navigation, who is signed in, and the page itself, which is loaded when it is first asked for. */
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Keyboard } from "./keyboard.tsx";
import { rememberPoolIn } from "./last-pool.ts";
import { match } from "./match.ts";
import { type PageProps, type PageRow, PAGES } from "./pages.ts";
import { Heading } from "./parts/heading.tsx";
import { LiveRegion } from "./parts/live.tsx";
import { Loading } from "./parts/shown.tsx";
import { plainName } from "./plain-name.ts";
import { route } from "./router.ts";
import { type Key, signOut } from "./session.ts";
import { service } from "./service.ts";
import { useStore } from "./store.ts";
import { useAllowed, useAsking } from "./use-allowed.ts";
import type { OperationName } from "./wire.ts";

type Found = { readonly row: PageRow; readonly params: readonly string[] };

function pageAt(path: string): Found | null {
  for (const row of PAGES) {
    const params = match(row.path, path);
    if (params !== null) return { row, params };
  }
  return null;
}

function Icon({ shape }: { shape: string }) {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={shape} />
    </svg>
  );
}

/** For a page below another one that one is marked, as being on the way to it. */
function Navigation({ current }: { current: PageRow | undefined }) {
  const isAllowed = useAllowed();
  return (
    <nav aria-label="Pages">
      <ul>
        {PAGES.map(
          ({ path, entry, needs }) =>
            entry !== undefined &&
            (needs === undefined || isAllowed(needs)) && (
              <li key={path}>
                <a
                  href={`#${path}`}
                  aria-current={path === current?.path ? "page" : path === current?.below ? "true" : undefined}
                >
                  <Icon shape={entry.icon} />
                  {entry.title}
                </a>
              </li>
            ),
        )}
      </ul>
    </nav>
  );
}

function NotFound() {
  return (
    <>
      <Heading title="No such page" />
      <p>
        Nothing is at this address. <a href="#pools">Identity pools</a>
      </p>
    </>
  );
}

function NotAllowed({ operation }: { operation: OperationName }) {
  return (
    <>
      <Heading title="Not for this key" />
      <p>
        The key that is signed in may not call <code>{plainName(operation)}</code>, which this page is for. Its entry in{" "}
        <code>ADMIN_CREDENTIALS</code> decides that, by its <code>operations</code> and <code>pools</code>.
      </p>
    </>
  );
}

/** After a deployment the files of a tab that was open before are gone. */
function Outdated() {
  return (
    <>
      <Heading title="Not loaded" />
      <div class="failure" role="alert">
        <p>This page could not be loaded. There is probably a newer console than the one in this tab.</p>
        <p>
          <button type="button" class="primary" onClick={() => location.reload()}>
            Reload
          </button>
        </p>
      </div>
    </>
  );
}

const loaded = new Map<PageRow, ComponentType<PageProps>>();

function PageView({ found: { row, params } }: { found: Found }) {
  const [, setTurn] = useState(0);
  const [isGone, setIsGone] = useState(false);
  const isAllowed = useAllowed();
  useEffect(() => {
    if (loaded.has(row)) return;
    const load = async () => {
      loaded.set(row, (await row.load()).Page);
      setTurn((turn) => turn + 1);
    };
    load().catch(() => setIsGone(true));
  }, [row]);
  if (row.needs !== undefined && !isAllowed(row.needs)) return <NotAllowed operation={row.needs} />;
  if (isGone) return <Outdated />;
  const Page = loaded.get(row);
  return Page === undefined ? <Loading /> : <Page params={params} />;
}

export function Frame({ signedIn }: { signedIn: Key }) {
  const path = useStore(route) || "pools";
  useAsking(signedIn);
  useEffect(() => rememberPoolIn(path), [path]);
  const main = useRef<HTMLElement>(null);
  const found = pageAt(path);
  return (
    <div class="frame">
      <header>
        <div class="side">
          <a
            class="skip"
            href="#"
            onClick={(event) => {
              event.preventDefault();
              main.current?.focus();
            }}
          >
            Skip to the page
          </a>
          <a class="brand" href="#pools">
            Edgepool
          </a>
          <div class="who">
            <p>
              <span class="muted">{service.get()?.local === true ? "This machine" : location.host}</span>
              <br />
              <code>{signedIn.accessKeyId}</code>
            </p>
            <button type="button" onClick={() => signOut()}>
              Sign out
            </button>
          </div>
          <Navigation current={found?.row} />
        </div>
      </header>
      <main ref={main} tabIndex={-1}>
        {found === null ? <NotFound key={path} /> : <PageView key={path} found={found} />}
      </main>
      <LiveRegion />
      <Keyboard />
    </div>
  );
}
