/** The answers of the development STS, as AWS writes them. Text only. */

/** A failure in AWS's words. */
export type StsRefusal = { readonly status: 400 | 403 | 404; readonly code: string; readonly message: string };

const NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/";

export type Member = readonly [name: string, content: string | readonly Member[]];

function write([name, content]: Member): string {
  return `<${name}>${typeof content === "string" ? escaped(content) : content.map(write).join("")}</${name}>`;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

function root(name: string, members: readonly Member[]): string {
  return `<${name} xmlns="${NAMESPACE}">${members.map(write).join("")}</${name}>`;
}

export function resultXml(action: string, members: readonly Member[], requestId: string): string {
  const metadata: Member = ["ResponseMetadata", [["RequestId", requestId]]];
  return root(`${action}Response`, [[`${action}Result`, members], metadata]);
}

export function refusalXml({ code, message }: StsRefusal, requestId: string): string {
  const error: Member = [
    "Error",
    [
      ["Type", "Sender"],
      ["Code", code],
      ["Message", message],
    ],
  ];
  return root("ErrorResponse", [error, ["RequestId", requestId]]);
}
