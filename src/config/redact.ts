/** Keeps passwords out of messages, logs and answers. */

/** Up to the last `@`, since a password that was not percent-encoded may hold one itself. */
const USER_AND_PASSWORD = /:\/\/([^\s:@/]*):\S*@/g;
const PASSWORD_PARAMETER = /((?:password|passwd|pwd|secret|token|api_?key)\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&;,]+)/gi;

export const redactSecrets = (text: string): string =>
  text.replace(USER_AND_PASSWORD, '://$1:***@').replace(PASSWORD_PARAMETER, '$1***');

/** Host, port and database of a store's URL: what tells stores apart and is nobody's secret. */
export function redactedUrl(url: string): string {
  const match = /^([a-z]+:\/\/)(?:.*@)?([^?#]*)/is.exec(url);
  return match === null ? '***' : `${match[1]}${match[2]}`;
}
