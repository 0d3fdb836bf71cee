/** Compresses the bytes of a stream in any format. Connections share a cohort only if they share the coding. */
export interface Coding {
  /** Part of the cohort's key. */
  readonly name: string;
  /**
   * Compresses bytes that are written together. The result does not refer to earlier bytes of the stream. So
   * connections that began at different times can share the result.
   *
   * @param members the number of connections that get the result: stronger compression may be worth its cost only for
   *   many connections
   */
  encode(body: Buffer, members: number): Buffer;
}
