// SPDX-License-Identifier: Apache-2.0
// Which page is shown, and the stream of news that keeps it up to date.
import {h, show} from "./dom.js";
import {fleet, path} from "./fleet.js";
import {guard} from "./guard.js";
import {rehearsal} from "./rehearsal.js";
import {length} from "./words.js";

const page = document.getElementById("page"), nav = document.getElementById("nav");
const live = document.getElementById("live"), foot = document.getElementById("foot");

let stream = null, view = null, acts = null, errors = 0, heard = 0, looked = 0, shut = "";
let first = true;  // with one guard alone its page is what people come for

// "#/guard/0/ID" -> "guard:0:ID"
const subject = () => decodeURIComponent(location.hash).replace(/^#\/?/, "").replaceAll("/", ":") || "fleet";

function draw() {
  if (view) {
    const pages = {fleet, guard: (one) => guard(one, acts), engine: rehearsal};
    show(page, view.problem && !pages[view.kind] ? h("p", {class: "problem"}, view.problem) : pages[view.kind](view));
    const name = view.guard ? view.guard.headline : view.kind === "engine" ? "The engine" : "Guards";
    if (document.title !== `${name} – Sitelatch`) document.title = `${name} – Sitelatch`;
  }
  const link = (to, words, here) => h("a", {href: to, "aria-current": here ? "page" : null}, words);
  show(nav, link("#/fleet", "Guards", subject() === "fleet"),
       view?.guard ? link(path(view.key), view.guard.name || view.guard.id, true) : null,
       view?.engine || view?.kind === "engine" ? link("#/engine", "Engine", view.kind === "engine") : null);
}

function tellLife() {
  const ago = (Date.now() - looked) / 1000;
  const lost = shut || errors >= 3 || (heard && Date.now() - heard > 25_000);
  live.className = lost ? "lost" : looked ? "live" : "";
  const words = shut || (lost ? `Connection lost, trying again. What is shown is ${looked ? length(ago) : ""} old.`
                              : looked ? (ago > 5 ? `live, looked ${length(ago)} ago` : "live") : "connecting");
  if (live.textContent !== words) live.textContent = words;
  document.body.classList.toggle("stale", Boolean(lost));
}

function take(event) {
  heard = Date.now();
  errors = 0;
  const data = JSON.parse(event.data);
  if (event.type === "acts") acts = data;
  if (event.type === "view") {
    looked = heard;
    view = data;
    const only = first && view.kind === "fleet" && view.rows.length === 1 && !location.hash && view.rows[0].key;
    first = false;
    if (only && !view.rows[0].problem) return location.replace(path(only));
    show(foot, view.everyMs ? `This page looks every ${length(view.everyMs / 1000)}.` : "");
  }
  if (event.type !== "still") draw();
  tellLife();
}

// A stream that the server has refused does not come back by itself.
async function asked(url) {
  try {
    const answer = await fetch(url, {headers: {"Accept": "text/event-stream"}});
    if (answer.status === 401)
      shut = "This session is over: open the URL that the console has printed.";
    else if (answer.status === 404) {
      shut = "";
      show(page, h("p", {class: "problem"}, "There is no such page here."));
    } else shut = "";
  } catch {
    errors = Math.max(errors, 3);
  }
  tellLife();
  setTimeout(connect, 2000);
}

function connect() {
  stream?.close();
  const url = `/api/events?of=${encodeURIComponent(subject() + ",acts")}`;
  const own = stream = new EventSource(url);
  for (const kind of ["view", "acts", "still"]) own.addEventListener(kind, (event) => {
    shut = "";
    take(event);
  });
  own.addEventListener("error", () => {
    if (own !== stream) return;
    errors += 1;  // each answer ends; two ends without news between them are none
    tellLife();
    if (own.readyState === EventSource.CLOSED) asked(url);
  });
}

addEventListener("hashchange", () => {
  first = false;
  view = null;
  looked = heard = errors = 0;
  show(page, h("p", {class: "waiting"}, "Looking…"));
  draw();
  page.focus({preventScroll: true});
  connect();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();  // the part after # says which page is shown
  page.focus();
});
setInterval(tellLife, 1000);
setInterval(() => { if (heard && Date.now() - heard > 30_000 && !shut) { heard = Date.now(); connect(); } }, 5000);
connect();
