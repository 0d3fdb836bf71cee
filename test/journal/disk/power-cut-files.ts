import { basename } from "node:path";
import type { DiskFile, DiskFiles, HeldFolder } from "../../../src/journal/disk/files/files.js";
import type { Random } from "../../support/random.js";

const sectorBytes = 512;

interface PendingWrite {
  readonly position: number;
  readonly bytes: Buffer;
}

/** What a file has on the disk, and what the system has in memory. */
class Inode {
  durable = Buffer.alloc(0);
  current = Buffer.alloc(0);
  /** Writes since the last sync. */
  pending: PendingWrite[] = [];
  /**
   * Writes whose sync failed. The system takes them for written: later syncs do not write them. Nobody knows when they
   * reach the disk: perhaps after a newer write.
   */
  abandoned: PendingWrite[] = [];

  write(position: number, bytes: Buffer): void {
    this.current = overwritten(this.current, position, bytes);
    this.pending.push({ position, bytes: Buffer.from(bytes) });
  }

  sync(): void {
    for (const { position, bytes } of this.pending) this.durable = overwritten(this.durable, position, bytes);
    this.pending = [];
  }

  abandon(): void {
    this.abandoned.push(...this.pending);
    this.pending = [];
  }

  /** The file after a power cut: any sectors of what was not synced, with any size in between. */
  afterCut(random: Random): Inode {
    const inode = new Inode();
    const grown = Math.max(0, this.current.length - this.durable.length);
    const size = this.durable.length + (random.chance(0.3) ? grown : random.below(grown + 1));
    let content = Buffer.alloc(Math.max(size, this.durable.length));
    this.durable.copy(content);
    const share = random.pick([0, 0.5, 0.9, 1]);
    for (const { position, bytes } of [...this.abandoned, ...this.pending])
      for (const sector of sectorsOf(position, bytes))
        if (random.chance(share)) content = withinSize(content, sector);
    inode.durable = content;
    inode.current = Buffer.from(content);
    return inode;
  }
}

type FolderChange =
  | { readonly kind: "set"; readonly name: string; readonly inode: Inode }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "rename"; readonly from: string; readonly to: string; readonly inode: Inode };

/** What the next write or sync does wrong. */
export type Fault = "short-write" | "write-error" | "sync-error";

/** Faults of a machine, or of a log that leaves calls out. */
export interface BrokenFiles {
  /** Syncs of a file do nothing, after its first: a file is created durably, but what is appended is not. */
  readonly withoutSync?: boolean;
  /** Syncs of the folder do nothing, after the first. */
  readonly withoutFolderSync?: boolean;
}

/**
 * One folder that loses power. After {@link afterCut}, only what was synced is there for sure. Of later writes, any
 * sectors are there; of later changes to the folder, any. A sync of a file does not save the entry of the file in its
 * folder, as POSIX allows.
 */
export class PowerCutFiles implements DiskFiles {
  readonly #random: Random;
  readonly #broken: BrokenFiles;
  readonly #durable = new Map<string, Inode>();
  readonly #entries = new Map<string, Inode>();
  #changes: FolderChange[] = [];
  #faults: Fault[] = [];
  #callsLeft = Infinity;
  #isHeld = false;
  /** While true, writes take no byte, and files cannot be created. */
  isFull = false;

  constructor(random: Random, broken: BrokenFiles = {}) {
    this.#random = random;
    this.#broken = broken;
  }

  get isOff(): boolean {
    return this.#callsLeft <= 0;
  }

  /** Cuts the power after this number of calls. All later calls reject. */
  cutAfter(calls: number): void {
    this.#callsLeft = calls;
  }

  failNext(fault: Fault): void {
    this.#faults.push(fault);
  }

  /** The folder after a power cut now. */
  afterCut(): PowerCutFiles {
    this.#callsLeft = 0;
    const random = this.#random;
    const after = new PowerCutFiles(random, this.#broken);
    const surviving = new Map(this.#durable);
    const share = random.pick([0, 0.5, 1]);
    for (const change of this.#changes) if (random.chance(share)) applyChange(surviving, change);
    const inodes = new Map<Inode, Inode>();
    for (const [name, inode] of surviving) {
      const kept = inodes.get(inode) ?? inode.afterCut(random);
      inodes.set(inode, kept);
      after.#durable.set(name, kept);
      after.#entries.set(name, kept);
    }
    return after;
  }

  /** The folder as a copy that is made while the hub runs. */
  copy(): PowerCutFiles {
    const copy = new PowerCutFiles(this.#random, this.#broken);
    for (const [name, inode] of this.#entries) copy.put(name, inode.current);
    return copy;
  }

  /** The content of a file, to look at and to damage. */
  content(name: string): Buffer {
    return Buffer.from(this.#found(name).current);
  }

  put(name: string, content: Buffer): void {
    const inode = new Inode();
    inode.durable = Buffer.from(content);
    inode.current = Buffer.from(content);
    this.#durable.set(name, inode);
    this.#entries.set(name, inode);
  }

  get names(): string[] {
    return [...this.#entries.keys()].sort();
  }

  // The port

  createFolder(): Promise<void> {
    return this.#call(() => undefined);
  }

  syncFolder(): Promise<void> {
    return this.#call(() => {
      if (this.#broken.withoutFolderSync === true && this.#durable.size > 0) return;
      for (const change of this.#changes) applyChange(this.#durable, change);
      this.#changes = [];
    });
  }

  list(): Promise<string[]> {
    return this.#call(() => [...this.#entries.keys()]);
  }

  create(path: string): Promise<DiskFile> {
    return this.#call(() => {
      const name = basename(path);
      if (this.#entries.has(name)) throw systemError("EEXIST");
      if (this.isFull) throw systemError("ENOSPC");
      const inode = new Inode();
      this.#change({ kind: "set", name, inode });
      return this.#file(inode);
    });
  }

  open(path: string): Promise<DiskFile> {
    return this.#call(() => this.#file(this.#found(basename(path))));
  }

  reopen(path: string): Promise<DiskFile> {
    return this.open(path);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call(() => {
      const inode = this.#found(basename(from));
      this.#change({ kind: "rename", from: basename(from), to: basename(to), inode });
    });
  }

  remove(path: string): Promise<void> {
    return this.#call(() => this.#change({ kind: "remove", name: basename(path) }));
  }

  hold(): Promise<HeldFolder> {
    return this.#call(() => {
      if (this.#isHeld) throw new Error("another log holds the folder");
      this.#isHeld = true;
      return { release: () => this.#release() };
    });
  }

  #release(): Promise<void> {
    this.#isHeld = false;
    return Promise.resolve();
  }

  #file(inode: Inode): DiskFile {
    return {
      write: (buffers, position) => this.#call(() => this.#write(inode, Buffer.concat(buffers), position)),
      read: (buffer, position) => this.#call(() => inode.current.copy(buffer, 0, position)),
      sync: () => this.#call(() => this.#sync(inode)),
      size: () => this.#call(() => inode.current.length),
      close: () => Promise.resolve(),
    };
  }

  #write(inode: Inode, bytes: Buffer, position: number): number {
    const fault = this.#takeFault("short-write", "write-error");
    const isShort = fault === "short-write" || this.isFull;
    const count = isShort || fault === "write-error" ? this.#random.below(bytes.length) : bytes.length;
    if (count > 0) inode.write(position, bytes.subarray(0, count));
    if (fault === "write-error") throw systemError("EIO");
    return count;
  }

  #sync(inode: Inode): void {
    if (this.#takeFault("sync-error") !== undefined) {
      inode.abandon();
      throw systemError("EIO");
    }
    if (this.#broken.withoutSync !== true || inode.durable.length === 0) inode.sync();
  }

  #takeFault(...kinds: readonly Fault[]): Fault | undefined {
    const index = this.#faults.findIndex((fault) => kinds.includes(fault));
    return index === -1 ? undefined : this.#faults.splice(index, 1)[0];
  }

  #change(change: FolderChange): void {
    this.#changes.push(change);
    applyChange(this.#entries, change);
  }

  #found(name: string): Inode {
    const inode = this.#entries.get(name);
    if (inode === undefined) throw systemError("ENOENT");
    return inode;
  }

  /** Runs a call. At the cut, the call may have happened, but nobody hears of it. */
  async #call<T>(action: () => T): Promise<T> {
    await Promise.resolve();
    if (this.#callsLeft <= 0) throw systemError("EIO");
    this.#callsLeft -= 1;
    if (this.#callsLeft <= 0 && this.#random.chance(0.5)) throw systemError("EIO");
    const result = action();
    if (this.#callsLeft <= 0) throw systemError("EIO");
    return result;
  }
}

function applyChange(entries: Map<string, Inode>, change: FolderChange): void {
  if (change.kind === "remove") entries.delete(change.name);
  else if (change.kind === "set") entries.set(change.name, change.inode);
  else {
    entries.delete(change.from);
    entries.set(change.to, change.inode);
  }
}

function overwritten(content: Buffer, position: number, bytes: Buffer): Buffer<ArrayBuffer> {
  const result = Buffer.alloc(Math.max(content.length, position + bytes.length));
  content.copy(result);
  bytes.copy(result, position);
  return result;
}

function withinSize(content: Buffer<ArrayBuffer>, { position, bytes }: PendingWrite): Buffer<ArrayBuffer> {
  bytes.copy(content, position);
  return content;
}

/** The parts of a write that lie in one sector each. */
function* sectorsOf(position: number, bytes: Buffer): Iterable<PendingWrite> {
  for (let from = position; from < position + bytes.length;) {
    const to = Math.min(position + bytes.length, (Math.floor(from / sectorBytes) + 1) * sectorBytes);
    yield { position: from, bytes: bytes.subarray(from - position, to - position) };
    from = to;
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(`the file system fails with ${code}`), { code });
}
