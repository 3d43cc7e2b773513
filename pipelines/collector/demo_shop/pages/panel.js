// The panel: what the client sent, what the collector answered, and the event as landing has it.
// It listens at fetch, before the client starts; the client itself is the published one, unchanged.
"use strict";

const TYPES = { view: "浏览", favorite: "收藏", search: "搜索", search_result: "搜索结果", click: "点击", order: "订单" };

const panel = (() => {
  const sent = new Map(); // by event id, the newest last
  const list = document.getElementById("events");
  let isAsking = false;

  const plainFetch = window.fetch.bind(window);
  window.fetch = async (resource, options) => {
    const events = eventsOf(options);
    const started = performance.now();
    for (const event of events) sent.set(event.messageId, { event, state: "sending" });
    if (events.length) draw();
    try {
      const response = await plainFetch(resource, options);
      for (const event of events) {
        Object.assign(sent.get(event.messageId), { state: response.ok ? "answered" : "refused", status: response.status, milliseconds: Math.round(performance.now() - started) });
      }
      if (events.length) { draw(); setTimeout(askForKept, 150); }
      return response;
    } catch (error) {
      for (const event of events) Object.assign(sent.get(event.messageId), { state: "unreachable" });
      if (events.length) draw();
      throw error;
    }
  };

  function eventsOf(options) {
    if (!options || typeof options.body !== "string") return [];
    try {
      const body = JSON.parse(options.body);
      return (body.batch ?? [body]).filter((event) => event.type === "track" && event.messageId);
    } catch {
      return [];
    }
  }

  async function askForKept() {
    if (isAsking) return;
    isAsking = true;
    try {
      const { lines, is_shown: isShown } = await (await plainFetch("kept")).json();
      if (!isShown) { // landing is no folder: that it was answered says that it is kept
        for (const known of sent.values()) if (known.state === "answered") known.state = "kept";
      }
      for (const line of lines) {
        const known = sent.get(line.event_id);
        if (known) Object.assign(known, { state: "kept", line });
      }
      draw();
    } catch {
      // The collector is away; the next answer asks again.
    } finally {
      isAsking = false;
    }
  }

  function draw() {
    const entries = [...sent.values()].reverse();
    document.getElementById("hint").hidden = entries.length > 0;
    const keptCount = entries.filter((entry) => entry.state === "kept").length;
    document.getElementById("counts").textContent = `发出 ${entries.length} · 已收到 ${keptCount}`;
    document.getElementById("pill").textContent = `${keptCount} / ${entries.length}`;
    const open = new Set([...list.querySelectorAll("details[open]")].map((details) => details.dataset.id));
    list.replaceChildren(...entries.slice(0, 30).map((entry) => row(entry, open)));
  }

  function row({ event, state, status, milliseconds, line }, open) {
    const said = {
      sending: "发送中…",
      answered: `已应答 ${status}`,
      kept: `已收到 ${status ?? ""} · ${milliseconds ?? "?"} 毫秒`,
      refused: `被拒绝 ${status}`,
      unreachable: "连接不上，客户端会重试",
    };
    const details = make("details", { className: state });
    details.dataset.id = event.messageId;
    details.dataset.event = event.event;
    details.open = open.has(event.messageId);
    details.append(
      make("summary", {}, [
        make("b", { textContent: line ? (TYPES[line.event_type] ?? line.event_type) : "…" }),
        make("span", { className: "name", textContent: event.event }),
        make("span", { className: "state", textContent: said[state] }),
      ]),
      make("pre", { textContent: JSON.stringify(line ? shown(line) : event, null, 2) }),
    );
    return make("li", {}, [details]);
  }

  // The client's own surroundings (browser, page, library) are long; the fields come first.
  function shown(line) {
    const { properties: { $segment, ...properties } = {}, ...fields } = line;
    return { ...fields, ...(Object.keys(properties).length ? { properties } : {}) };
  }

  function make(name, attributes, children = []) {
    const element = Object.assign(document.createElement(name), attributes);
    element.append(...children);
    return element;
  }

  return { make };
})();
