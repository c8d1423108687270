/** Signs in at the development issuer of a running service, as a web app under development does. */
export type SignedIn = { readonly providerName: string; readonly token: string; readonly expiresAt: number };

export async function signIn(endpoint: string, name: string): Promise<SignedIn> {
  const response = await fetch(`${endpoint}/development/issuer/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  if (!response.ok) throw new Error(`the development issuer answers ${response.status}`);
  const { providerName, token, expiresAt } = (await response.json()) as SignedIn;
  return { providerName, token, expiresAt };
}

/** A `Logins` map of somebody who has just signed in. */
export async function loginsOf(endpoint: string, name: string): Promise<Record<string, string>> {
  const { providerName, token } = await signIn(endpoint, name);
  return { [providerName]: token };
}
