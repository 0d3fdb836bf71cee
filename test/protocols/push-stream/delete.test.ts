import { describe, expect, it } from "vitest";
import { headersOf, PushStreamWorld, textsOf } from "../push-stream-world.js";

const explained = "x-nginx-pushstream-explain";

describe("DELETE /pub", () => {
  it("ends the subscribers of every mode with a last message, and no others", async () => {
    const world = new PushStreamWorld();
    const ev = await world.open({ path: "/ev/a" });
    const sub = await world.open({ path: "/sub/a/b" });
    const ws = await world.openSocket({ path: "/ws/a" });
    const other = await world.open({ path: "/ev/b" });
    const polls = ["/lp/a", "/jsonp/a"].map((path) => world.ask({ path, query: "callback=f" }));
    const plain = world.ask({ path: "/lp/a" });
    await world.post("/pub", "id=b", "x");
    const answer = await world.ask({ method: "DELETE", path: "/pub", query: "id=a" });
    expect([answer.status, headersOf(answer).get(explained)]).toEqual([200, "Channel deleted."]);
    const message = '"channel":"a","text":"Channel%20deleted"';
    expect(ev.text).toMatch(
      /\nid: #[^\n]+\ndata: \{"id":-2,"channel":"a","text":"Channel%20deleted"[^\n]*\}\n\n$/,
    );
    expect(sub.text).toMatch(/<script>p\(-2,'a','Channel%20deleted',[^\n]*\);<\/script>\r\n$/);
    expect(ws.messages.at(-1)).toMatchObject({ id: -2, channel: "a" });
    expect(other.text).not.toContain("-2");
    for (const poll of polls) expect((await poll).body.toString()).toContain(message);
    const { status, body } = await plain;
    expect([status, textsOf(body.toString())]).toEqual([200, ["Channel deleted"]]);
  });

  it("deletes the messages, and counts anew", async () => {
    const world = new PushStreamWorld();
    for (const text of ["1", "2"]) await world.post("/pub", "id=a", text);
    expect((await world.ask({ method: "DELETE", path: "/events/pub/a" })).status).toBe(200);
    expect((await world.ask({ path: "/pub", query: "id=a" })).status).toBe(404);
    const { body } = await world.post("/pub", "id=a", "3");
    expect(JSON.parse(body.toString())).toMatchObject({ published_messages: 1, stored_messages: 1 });
    const past = await world.ask({ path: "/lp/a.b9" });
    expect(past.body.toString()).toContain('"id":1,"channel":"a","text":"3"');
    expect(textsOf(past.body.toString())).toEqual(["3"]);
  });

  it("sends the body as the text", async () => {
    const world = new PushStreamWorld();
    const ws = await world.openSocket({ path: "/ws/a" });
    await world.ask({ method: "DELETE", path: "/pub", query: "id=a", body: "closed 'now'" });
    expect(ws.messages.at(-1)).toMatchObject({ id: -2, text: "closed%20%27now%27" });
  });

  it.each([
    ["no such channel", "id=none", 404],
    ["no channel", "", 400],
    ["all channels", "id=ALL", 403],
  ])("is refused: %s", async (_name, query, status) => {
    expect((await new PushStreamWorld().ask({ method: "DELETE", path: "/pub", query })).status).toBe(status);
  });

  it("succeeds if one of the channels exists", async () => {
    const world = new PushStreamWorld();
    await world.post("/pub", "id=a", "x");
    expect((await world.ask({ method: "DELETE", path: "/pub", query: "id=none/a" })).status).toBe(200);
  });

  it("needs the right to publish to every channel, and otherwise deletes nothing", async () => {
    const world = new PushStreamWorld();
    await world.post("/pub", "id=a", "x");
    const query = "id=a/b&authorization=publish.a";
    expect((await world.ask({ method: "DELETE", path: "/pub", query })).status).toBe(403);
    const { body } = await world.ask({ path: "/pub", query: "id=a" });
    expect(JSON.parse(body.toString())).toMatchObject({ stored_messages: 1 });
  });
});
