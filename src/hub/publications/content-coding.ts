/**
 * How the bytes of a stream are packed for their way, whatever their format. The hub takes the packed bytes as they are;
 * connections share a cohort only if they share the coding.
 */
export interface Coding {
  /** Part of the cohort's key. */
  readonly name: string;
  /**
   * Packs what goes out together. The result can be unpacked behind whatever the stream had before, and refers to none of
   * it, so that the same bytes suit connections that began at different times.
   *
   * @param members for how many connections it is packed: what is worth its price for a crowd may not be for one
   */
  encode(body: Buffer, members: number): Buffer;
}
