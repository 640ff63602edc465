// SPDX-License-Identifier: Apache-2.0
// What is seen quicker than read: an hour of a site, the story of a failover, the chain, datapoints.
import {h} from "./dom.js";
import {clock, length, seconds, tag, when} from "./words.js";

const minuteWords = {w: "healthy", f: "unhealthy", m: "changing"};

// An hour of HealthCheckStatus, a mark a minute.
export function hour(minutes, held) {
  if (!minutes) return null;
  const letters = minutes.letters.slice(-60);
  const bad = [...letters].filter((letter) => letter !== "w").length;
  const label = `Route 53's verdict, ${clock(minutes.from)} to ${clock(minutes.until)}: ` +
      (bad ? `unhealthy in ${bad} of ${letters.length} minutes` : "healthy throughout") +
      (held ? "; unhealthy because of the latch now" : "");
  return h("figure", {class: "hour"},
           h("div", {class: "ticks", role: "img", "aria-label": label},
             [...letters].map((letter) => h("i", {class: letter, title: minuteWords[letter]}))),
           h("figcaption", {}, label));
}

const toneOf = {failed: "bad", alarm: "warning", latched: "good", "dns-backup": "busy",
                "dns-primary": "busy", answers: "good", released: "good", ok: "good"};
const precisions = {exact: "", minute: "within this minute", seen: "seen from here"};

export function story(moments, now) {
  if (!moments.length)
    return h("p", {class: "quiet"}, "Nothing has failed over lately, as far as this page can see.");
  const first = moments[0].at;
  return h("ol", {class: "story"}, moments.map((moment, index) => {
    const passed = seconds(first, moment.at);
    return h("li", {class: toneOf[moment.kind] || "unknown", "data-key": moment.at + moment.words},
             h("span", {class: "dot", "aria-hidden": "true"}),
             h("span", {class: "when"}, when(moment.at, now),
               index && passed >= 0 ? h("b", {}, ` +${length(passed)}`) : null),
             h("span", {class: "what"}, moment.words),
             precisions[moment.precision] ? h("span", {class: "how"}, precisions[moment.precision])
                                          : null);
  }));
}

export function chain(pieces) {
  return h("ol", {class: "chain"}, pieces.map((piece) =>
      h("li", {"data-key": piece.name}, h("span", {class: "name"}, tag(piece.tone, piece.name)),
        h("span", {class: "detail"}, piece.detail))));
}

// Datapoints of an alarm over its threshold. Numbers stand in a table beside it for who cannot see.
export function plot(alarm) {
  const points = alarm.points || [];
  if (points.length < 2) return h("p", {class: "quiet"}, "No datapoints in the last half hour.");
  const [width, height, pad] = [320, 64, 6];
  const values = points.map((point) => point.value).concat(alarm.threshold ?? []);
  const [low, high] = [Math.min(...values, 0), Math.max(...values, 1)];
  const begin = Date.parse(points[0].at), whole = Date.parse(points.at(-1).at) - begin || 1;
  const x = (at) => pad + (width - 2 * pad) * (Date.parse(at) - begin) / whole;
  const y = (value) => height - pad - (height - 2 * pad) * (value - low) / (high - low || 1);
  const last = points.at(-1);
  const label = `${alarm.metric}, ${clock(points[0].at)} to ${clock(last.at)}: last ${last.value}`;
  return h("svg", {viewBox: `0 0 ${width} ${height}`, class: "plot", role: "img", "aria-label": label},
           alarm.threshold === undefined ? null
               : h("line", {x1: pad, x2: width - pad, y1: y(alarm.threshold), y2: y(alarm.threshold),
                            class: "threshold"}),
           h("polyline", {points: points.map((p) => `${x(p.at)},${y(p.value)}`).join(" ")}),
           points.map((p) => h("circle", {cx: x(p.at), cy: y(p.value), r: 2.5},
                               h("title", {}, `${clock(p.at)}: ${p.value}`))));
}
