/** Something that can go wrong at a site. */
export interface Nemesis {
  readonly name: string;
  /** Makes the fault. The fault is over when the promise resolves. */
  readonly make: () => Promise<void>;
}
