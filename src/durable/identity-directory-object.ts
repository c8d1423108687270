import { ConfiguredObject } from "./configured-object.ts";
export class IdentityDirectoryObject extends ConfiguredObject {}
