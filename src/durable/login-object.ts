import { ConfiguredObject } from "./configured-object.ts";
export class LoginObject extends ConfiguredObject {}
