/** What the console's page is told before anybody signs in, and where it is: nothing of it is a secret of a deployment. */

/** All that begins so is a file of the console, which the platform serves without asking the Worker. */
export const CONSOLE_PATH = "/console/";
export const CONSOLE_CONFIG_PATH = "/console-config.json";

export type ConsoleConfig = {
  readonly region: string;
  readonly issuer: string;
  /** Whether this is local development. */
  readonly local: boolean;
  /** The key that every local service has, where nobody has set another: in local development alone. */
  readonly localKey?: { readonly accessKeyId: string; readonly secretAccessKey: string };
};
