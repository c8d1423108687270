import { describe, expect, it } from "vitest";
import { type RoleRequest, stsBody, type StsTerms } from "../../../src/sts/sts-request.ts";

const request: RoleRequest = {
  roleArn: "arn:aws:iam::123456789012:role/apps/users+1",
  sessionName: "CognitoIdentityCredentials",
  token: "a.b-c_d.e",
  isGuest: false,
};
const terms: StsTerms = { durationSeconds: 3600, guestPolicy: "", guestPolicyArns: [] };
const narrow: StsTerms = {
  ...terms,
  guestPolicy: '{"Statement":[{"Sid":"a b+c"}]}',
  guestPolicyArns: ["arn:aws:iam::aws:policy/One", "arn:aws:iam::aws:policy/Two"],
};

describe("stsBody", () => {
  it("is the form of the Query protocol, with a blank as %20 and a plus as %2B", () => {
    expect(stsBody(request, terms)).toBe(
      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fapps%2Fusers%2B1&RoleSessionName=CognitoIdentityCredentials&DurationSeconds=3600&WebIdentityToken=a.b-c_d.e",
    );
    expect(stsBody({ ...request, isGuest: true }, narrow)).toContain(
      "&Policy=%7B%22Statement%22%3A%5B%7B%22Sid%22%3A%22a%20b%2Bc%22%7D%5D%7D&",
    );
  });

  it("narrows guests alone", () => {
    const parametersOf = (isGuest: boolean) => [...new URLSearchParams(stsBody({ ...request, isGuest }, narrow))];
    expect(parametersOf(true).filter(([name]) => name.startsWith("Policy"))).toEqual([
      ["Policy", narrow.guestPolicy],
      ["PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/One"],
      ["PolicyArns.member.2.arn", "arn:aws:iam::aws:policy/Two"],
    ]);
    expect(parametersOf(false).filter(([name]) => name.startsWith("Policy"))).toEqual([]);
  });

  it("holds no second parameter, whatever the texts are", () => {
    const hostile = "x&Action=GetCallerIdentity&RoleArn=arn:aws:iam::1:role/admin#?%26=\n";
    const names = [
      ...new URLSearchParams(
        stsBody({ roleArn: hostile, sessionName: hostile, token: hostile, isGuest: true }, narrow),
      ).keys(),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(9);
  });
});
