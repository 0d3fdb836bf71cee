/** The longest lifetime that {@link withExpiringToken} tries, in seconds. */
const longestSeconds = 100;

/**
 * Opens a stream with a token that expires soon, so that the test need not wait long for its end. On a busy machine the
 * token may expire before the hub reads it. Then `open` fails, and the function tries a longer lifetime.
 */
export async function withExpiringToken<T>(open: (lifetimeSeconds: number) => Promise<T>): Promise<T> {
  for (let seconds = 3; ; seconds *= 3) {
    try {
      return await open(seconds);
    } catch (error) {
      if (seconds * 3 > longestSeconds) throw error;
    }
  }
}
