// SPDX-License-Identifier: Apache-2.0
// Times, lengths and tones in words.
import {h} from "./dom.js";

export const clock = (iso) => iso ? iso.slice(11, 19) : "";
const day = (iso) => iso.slice(0, 10);

// "03:12:41", or with its day where that is not `now`'s.
export function when(iso, now) {
  if (!iso) return "";
  return now && day(iso) !== day(now) ? `${day(iso)} ${clock(iso)}` : clock(iso);
}

// "41 s", "2 min 5 s", "2 h 14 min", "3 d 4 h"
export function length(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 100) return `${s} s`;
  if (s < 3600) return s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${s / 60} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s % 86400 / 3600)} h`;
}

export const seconds = (from, to) => (Date.parse(to) - Date.parse(from)) / 1000;

export function since(iso, now) {
  if (!iso) return "";
  const passed = seconds(iso, now);
  return `since ${when(iso, now)}` + (passed >= 1 ? ` (${length(passed)})` : "");
}

export const capital = (text) => text ? text[0].toUpperCase() + text.slice(1) : "";

const marks = {good: "✓", warning: "!", bad: "✕", busy: "…", unknown: "?"};
// A word with its colour and mark: never by colour alone.
export function tag(tone, words) {
  return h("span", {class: `tag ${tone}`}, marks[tone] ? h("b", {"aria-hidden": "true"}, marks[tone]) : null, words);
}

const states = {
  "armed": "armed", "serving": "armed", "tripped": "latched", "latched": "latched",
  "switched-over": "switched over", "maintenance": "in maintenance", "partial": "not finished",
  "not-deployed": "no guard", "unlatched-but-unhealthy": "failed, NOT latched",
  "latched-without-guard": "latched, no guard", "drifted": "changed by others",
  "failing-over": "failing over", "switching-back": "switching back", "unknown": "not known",
  "starting": "starting", "not-attached": "not in use yet",
};
export const state = (name) => states[name] || name;

// A command that can be copied.
export function command(text) {
  const copied = (event) => {
    navigator.clipboard?.writeText(text);
    event.currentTarget.textContent = "Copied";
  };
  return h("span", {class: "command"}, h("code", {}, text),
           h("button", {type: "button", class: "small", "aria-label": `Copy: ${text}`,
                        on: {click: copied}}, "Copy"));
}
