/** What client ids of the large providers look like, to notice one that was put under the wrong provider. Never a rule. Pure. */

const FORMS: readonly { readonly providers: readonly string[]; readonly form: RegExp; readonly usual: string }[] = [
  {
    providers: ["accounts.google.com"],
    form: /\.apps\.googleusercontent\.com$/,
    usual: "one of Google ends in .apps.googleusercontent.com",
  },
  { providers: ["graph.facebook.com", "www.facebook.com"], form: /^\d+$/, usual: "an app id of Facebook is a number" },
  { providers: ["www.amazon.com"], form: /^amzn1\./, usual: "one of Login with Amazon begins with amzn1." },
];

/** A number may be anybody's client id. */
const TELLING = FORMS.filter(({ providers }) => !providers.includes("graph.facebook.com"));

/** What speaks against the client id; undefined: nothing. */
export function clientIdMistake(providerName: string, clientId: string): string | undefined {
  const own = FORMS.find(({ providers }) => providers.includes(providerName));
  if (own !== undefined) return own.form.test(clientId) ? undefined : own.usual;
  return TELLING.find(({ form }) => form.test(clientId))?.usual;
}
