// SPDX-License-Identifier: Apache-2.0
// One guard on one screen: who serves, why, what to do next; then what that rests on.
import {buttons, runs} from "./acts.js";
import {h} from "./dom.js";
import {chain, hour, story} from "./drawings.js";
import {capital, command, length, seconds, since, state, tag, when} from "./words.js";

function banner(view, guard) {
  const passed = guard.since ? ` ${capital(since(guard.since, guard.at))}.` : "";
  return h("section", {class: `banner ${guard.tone}`},
           h("div", {class: "who"},
             h("div", {"aria-live": "polite"},
               h("p", {class: "state"}, tag(guard.tone, state(guard.state))),
               h("h1", {}, guard.headline), h("p", {class: "why"}, guard.why)),
             passed ? h("p", {class: "since"}, passed) : null),
           h("div", {class: "next"}, h("h2", {}, "What to do next"), h("p", {}, guard.next.words),
             guard.next.command ? command(guard.next.command) : null,
             buttons(view.key, guard)));
}

const serving = {true: ["good", "yes"], false: ["plain", "no"]};

function site(one, held) {
  const [tone, words] = serving[one.serves] || ["unknown", "not known"];
  const said = (title, what) => what
      ? [h("dt", {}, title), h("dd", {}, tag(what.well === undefined ? "unknown" : what.well ? "good" : "bad",
                                             what.well === undefined ? "not seen" : what.well ? "answers" : "no good answer"),
                               " ", what.words)]
      : [h("dt", {}, title), h("dd", {class: "quiet"}, "not known")];
  return h("section", {class: "half"},
           h("h2", {}, one.role, one.addresses.length ? `, ${one.addresses.join(", ")}` : ""),
           h("p", {class: "standing"}, tag(one.tone, one.standing)),
           h("dl", {}, h("dt", {}, "DNS names it"), h("dd", {}, tag(tone, words)),
             said("Asked from here", one.fromHere), said("Route 53's checkers", one.checkers)),
           hour(one.minutes, held));
}

const answered = {primary: ["good", "Primary"], backup: ["warning", "Backup"], both: ["unknown", "either"],
                  neither: ["bad", "neither"], unknown: ["unknown", "no answer"]};

function servers(guard) {
  return h("section", {class: "third"}, h("h2", {}, "What the name servers answer now"),
           guard.servers.length
               ? h("table", {}, h("thead", {}, h("tr", {}, h("th", {scope: "col"}, "Name server"), h("th", {scope: "col"}, "Answer"))),
                   h("tbody", {}, guard.servers.map((one) => {
                     const [tone, words] = answered[one.serves] || answered.unknown;
                     return h("tr", {}, h("td", {class: "mono"}, one.server || "–", one.type === "A" ? null : ` ${one.type}`),
                              h("td", {}, tag(tone, words), " ", h("span", {class: "mono quiet"}, one.answer.join(", ")),
                                one.problem ? h("p", {class: "quiet"}, one.problem) : null));
                   })))
               : h("p", {class: "quiet"}, "Nobody was asked: no failover record of this check can be seen."));
}

function troubles(guard) {
  if (!guard.troubles.length && !guard.unseen.length) return null;
  return h("section", {class: "problem"}, h("h2", {}, "Needs attention"),
           h("ul", {class: "troubles"},
             guard.troubles.map((one) => h("li", {"data-key": one.name}, tag(one.tone, one.name), " ", one.why || "",
                                           one.mend ? h("p", {}, one.mend.startsWith("sitelatch ") || one.mend.startsWith("aws ")
                                               ? command(one.mend) : one.mend) : null)),
             guard.unseen.map((one) => h("li", {}, tag("unknown", "not seen"), " ", one))));
}

function audit(guard) {
  const rows = guard.audit.map((one) => h(
      "tr", {"data-key": one.at + one.action + (one.stage || "")},
      h("td", {class: "n"}, when(one.at, guard.at)), h("td", {"data-label": "Who"}, one.who || "–"),
      h("td", {"data-label": "What"}, one.action, one.stage && one.stage !== "done" ? ` (${one.stage})` : "",
        one.before || one.after
            ? h("p", {class: "quiet mono"}, [one.before, one.after !== one.before && one.after].filter(Boolean).join(" → "),
                one.version ? `, version ${one.version}` : "")
            : null),
      h("td", {"data-label": one.why ? "Why" : null}, one.why || "", one.forced ? h("p", {}, tag("warning", `forced: ${one.forced}`)) : null)));
  return h("section", {}, h("h2", {}, "Who did what"),
           guard.auditProblem ? h("p", {}, tag("unknown", guard.auditProblem)) : null,
           rows.length
               ? h("table", {class: "stack"}, h("thead", {}, h("tr", {}, ["When", "Who", "What", "Why"].map(
                   (title) => h("th", {scope: "col"}, title)))), h("tbody", {}, rows))
               : h("p", {class: "quiet"}, guard.form === "engine"
                   ? "The engine's own latch keeps no audit log."
                   : "Nothing in the last thirty days."));
}

// How long DNS had left Primary before the latch stood, as far as it was seen.
function exposed(g) {
  const latch = g.story.findIndex((one) => one.kind === "latched");
  const before = g.story.slice(0, Math.max(latch, 0));
  const moved = before.findLast((one) => one.kind.startsWith("dns-"));
  return moved?.kind === "dns-backup"
      ? h("p", {class: "quiet"}, tag("warning", `${length(seconds(moved.at, g.story[latch].at))} exposed`),
          " So long DNS had left Primary before the latch stood: a Primary that had come back then would have been served again.")
      : null;
}

export function guard(view, acts) {
  if (view.problem && !view.guard)
    return [h("section", {class: "banner unknown"}, h("div", {}, h("h1", {}, "This guard cannot be seen"), h("p", {}, view.problem)))];
  const g = view.guard;
  const held = g.primary.standing.startsWith("latched");
  return [
    banner(view, g), runs(view.key, acts), troubles(g),
    site(g.primary, held), site(g.backup, false),
    h("section", {class: "two"}, h("h2", {}, "What happened"), story(g.story, g.at),
      exposed(g)),
    servers(g),
    h("section", {}, h("h2", {}, "What latches"), chain(g.chain),
      g.lastDrill ? h("p", {class: "drill"}, `Last drill ${when(g.lastDrill, g.at)}`, g.drill ? `: ${g.drill}.` : ".")
                  : h("p", {class: "drill quiet"}, "No drill is known of."),
      g.exposure ? h("p", {class: "quiet"}, g.exposure) : null,
      h("p", {class: "quiet"}, [`Form ${g.form}`, g.version !== undefined ? `version ${g.version}` : null,
                                g.release !== undefined ? `release ${g.release}` : null,
                                `health check ${g.id}`].filter(Boolean).join(", ") + ".")),
    audit(g),
  ];
}
