/** Roles of an account at AWS, as a pool of a test has them. */
export const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`;

export const ROLES = { authenticated: role("users"), unauthenticated: role("guests") };
