/** A call that Cognito refuses: the exception's name, and its words as they were published. */
export class CognitoError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export const notAuthorized = (message: string) => new CognitoError("NotAuthorizedException", message);
export const invalidParameter = (message: string) => new CognitoError("InvalidParameterException", message);
export const notFound = (what: "Identity" | "IdentityPool", id: string) =>
  new CognitoError("ResourceNotFoundException", `${what} '${id}' not found.`);
export const forbidden = (identityId: string) => notAuthorized(`Access to Identity '${identityId}' is forbidden.`);
export const loginsDoNotMatch = () =>
  notAuthorized("Logins don't match. Please include at least one valid login for this identity or identity pool.");
/** The type is documented; no capture of the words is known. */
export const conflict = (providerName: string) =>
  new CognitoError(
    "ResourceConflictException",
    `Logins conflict: ${providerName} is already linked to another identity.`,
  );
