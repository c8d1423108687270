/** Identity ids and identity pool ids: branded strings that only their parsers make. */

declare const identityIdBrand: unique symbol;
declare const identityPoolIdBrand: unique symbol;

/** `REGION:uuid` of one identity. */
export type IdentityId = string & { readonly [identityIdBrand]: true };
/** `REGION:uuid` of one identity pool. */
export type IdentityPoolId = string & { readonly [identityPoolIdBrand]: true };

/** Longest identity id and pool id, in characters (service model). */
const MAX_ID_LENGTH = 55;
// The model's pattern `[\w-]+:[0-9a-f-]+`, anchored: `\w` is ASCII in JavaScript as in the model.
const ID_PATTERN = /^[\w-]+:[0-9a-f-]+$/;

function isId(text: string): boolean {
  return text.length <= MAX_ID_LENGTH && ID_PATTERN.test(text);
}

export function parseIdentityId(text: string): IdentityId | undefined {
  return isId(text) ? (text as IdentityId) : undefined;
}

export function parseIdentityPoolId(text: string): IdentityPoolId | undefined {
  return isId(text) ? (text as IdentityPoolId) : undefined;
}

/** Narrower than the model: the text of a UUID in lower case, of any version, behind the region. */
const MADE_ID = /^([^:]+):[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether this service, or Cognito, could have made the id in `region`: `REGION:` and a UUID. */
export function isMadeIn(region: string, id: string): boolean {
  return MADE_ID.exec(id)?.[1] === region;
}

/** `uuid` is a random version 4 UUID in lower case: its 122 random bits are what makes an id unguessable (T38). */
export function identityIdOf(region: string, uuid: string): IdentityId {
  return `${region}:${uuid}` as IdentityId;
}

export function identityPoolIdOf(region: string, uuid: string): IdentityPoolId {
  return `${region}:${uuid}` as IdentityPoolId;
}
