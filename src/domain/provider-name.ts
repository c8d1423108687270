/** How provider names are told apart where a person, or a relying party, could take one for another. Pure. */

/** What `amr` says of a guest, and before the providers of everybody else. */
export const GUEST_AMR = "unauthenticated";
export const AUTHENTICATED_AMR = "authenticated";

/**
 * The name as it is meant: hosts have no case, and a dot or slash at an end changes nothing of whom it names. For
 * comparing names in settings alone: a login is looked up under its name byte for byte (T40).
 */
export function foldProviderName(name: string): string {
  return name.toLowerCase().replaceAll(/^[./]+|[./]+$/g, "");
}

/** Whether `amr` would say something else than the name of a provider by it. */
export function isAmrWord(name: string): boolean {
  return [GUEST_AMR, AUTHENTICATED_AMR].includes(foldProviderName(name));
}
