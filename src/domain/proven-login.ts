/** What a login token is held against and what it proves: the app that it was made for, and the user that it speaks for. */
import type { Members } from "./json.ts";

/** One application that a pool accepts login tokens of, at one provider. */
export type Client = {
  readonly clientId: string;
  /** What stands before `:subject` in the long form of `amr`. */
  readonly amrPrefix: string;
  /** Where the pool itself holds it (Twitter). It goes into a signature, and never into a token, a log or a message. */
  readonly clientSecret?: string;
  /** Whether the user pool is asked if the user is still signed in: docs/adr/0022. */
  readonly serverSideTokenCheck?: boolean;
};

/** Whom a login token has been proven to speak for. */
export type ProvenLogin = {
  readonly subject: string;
  readonly client: Client;
  /** Of an ID token: which of the provider's issuers made it. */
  readonly issuer?: string;
  /** Epoch seconds at which the token was issued, where the token or its provider says so. */
  readonly issuedAt?: number;
  /** Of an ID token all that it says, read from the very text whose signature was checked. An access token says nothing. */
  readonly readClaims?: () => Members;
};
