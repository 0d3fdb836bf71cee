import { describe, expect, it } from "vitest";
import { LoggedSite, publicationOf } from "../logged-site.js";

describe("the publications of a turn that need no response", () => {
  const add = (site: LoggedSite, data: string): Promise<void> => site.journal.add(publicationOf({ data }));

  it("stores what one turn adds as one group, and promises it once", async () => {
    const site = await LoggedSite.open();
    const before = site.store.records.length;
    const promises = ["1", "2", "3"].map((data) => add(site, data));
    expect(new Set(promises).size).toBe(1);
    await promises[0];
    expect(site.data).toEqual(["1", "2", "3"]);
    expect(site.store.records).toHaveLength(before + 1);
    const next = add(site, "4");
    expect(next).not.toBe(promises[0]);
    await next;
    expect((await LoggedSite.open({ store: site.store })).events).toEqual(site.events);
  });

  it("keeps the order of everything that a turn appends", async () => {
    const site = await LoggedSite.open();
    const stored = [
      add(site, "1"),
      add(site, "2"),
      site.publish("3", "4"),
      add(site, "5"),
      site.journal.append(publicationOf({ data: "6" })),
      add(site, "7"),
    ];
    await Promise.all(stored);
    expect(site.data).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
  });

  it("begins another group when the record would be too large", async () => {
    const site = await LoggedSite.open({ maxRecordBytes: 1000 });
    const promises = Array.from({ length: 10 }, (_, n) => add(site, `${n}`.repeat(300)));
    expect(new Set(promises).size).toBe(5);
    await Promise.all(promises);
    expect(site.data).toHaveLength(10);
    expect(() => add(site, "x".repeat(1000))).toThrow(expect.objectContaining({ code: "too-large" }));
    await add(site, "later");
    expect(site.data.at(-1)).toBe("later");
  });

  it("puts at most 4,096 publications into a group", async () => {
    const site = await LoggedSite.open();
    const promises = Array.from({ length: 4097 }, () => add(site, ""));
    expect(new Set(promises).size).toBe(2);
    await Promise.all(promises);
    expect(site.data).toHaveLength(4097);
  });

  it("stores what was added before the journal closes, and rejects what comes later", async () => {
    const site = await LoggedSite.open();
    const stored = add(site, "1");
    await site.journal.close();
    await stored;
    expect(site.data).toEqual(["1"]);
    await expect(add(site, "2")).rejects.toMatchObject({ code: "closed" });
  });
});
