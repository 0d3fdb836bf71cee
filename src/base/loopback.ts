/**
 * True for a host that only programs on the same machine can reach: `localhost`, ::1 with or without brackets, or an
 * address of 127.0.0.0/8. The host is written as in a URL or an address.
 */
export function isLoopback(host: string): boolean {
  return /^(?:127(?:\.\d{1,3}){3}|localhost|::1|\[::1\])$/.test(host);
}
