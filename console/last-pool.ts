/** The identity pool that was last looked at in this tab, for pages that ask for one. A reload forgets it. */
let lastPool: string | undefined;

/** The pool that an address names, if it names one. */
const POOL_IN_ADDRESS = /^(?:pool|mint)\/([^/]+)/;

export function rememberPool(identityPoolId: string): void {
  lastPool = identityPoolId;
}

export function rememberPoolIn(path: string): void {
  const [, identityPoolId] = POOL_IN_ADDRESS.exec(path) ?? [];
  if (identityPoolId !== undefined) rememberPool(identityPoolId);
}

export function lastPoolSeen(): string | undefined {
  return lastPool;
}
