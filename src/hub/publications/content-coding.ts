/**
 * Compresses the bytes of a stream, whatever their format. Connections share a cohort only if they share the coding.
 */
export interface Coding {
  /** Part of the cohort's key. */
  readonly name: string;
  /**
   * Compresses bytes that are written together. The result refers to no earlier bytes of the stream, so connections
   * that began at different times can share it.
   *
   * @param members the number of connections that get the result: stronger compression may pay off for many only
   */
  encode(body: Buffer, members: number): Buffer;
}
