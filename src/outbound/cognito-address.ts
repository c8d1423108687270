/** Where Amazon Cognito's identity pools of a region are asked. */

/** `region` must be one (T23): it becomes part of a host name. China's regions are on a domain of their own. */
export function cognitoAddress(region: string): URL {
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return new URL(`https://cognito-identity.${region}.${domain}/`);
}
