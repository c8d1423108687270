/** The console's entry: what is known of the service, who is signed in, and then the frame. */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Frame } from "./frame.tsx";
import { Heading } from "./parts/heading.tsx";
import { Loading } from "./parts/shown.tsx";
import { startRouter } from "./router.ts";
import { session, startSession } from "./session.ts";
import { readService, service } from "./service.ts";
import { SignIn } from "./sign-in.tsx";
import { useStore } from "./store.ts";

/** Signatures are computed by the browser, which does so for pages of a secure origin alone. */
const INSECURE = `This page came over plain http, where anybody on the way could read what you type. Open https://${location.host}/console/ instead.`;

function Unusable({ reason }: { reason: string }) {
  return (
    <main class="sign-in">
      <Heading title="Edgepool console">Edgepool</Heading>
      <div class="failure" role="alert">
        <p>{reason}</p>
      </div>
    </main>
  );
}

function Console() {
  const [problem, setProblem] = useState(isSecureContext ? undefined : INSECURE);
  const config = useStore(service);
  const signedIn = useStore(session);
  useEffect(() => void (problem === undefined && readService().then(setProblem)), []);
  if (problem !== undefined) return <Unusable reason={problem} />;
  if (config === null) return <Loading />;
  return signedIn === null ? <SignIn config={config} /> : <Frame signedIn={signedIn} />;
}

startSession();
startRouter();
render(<Console />, document.body);
