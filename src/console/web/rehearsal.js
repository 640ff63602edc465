// SPDX-License-Identifier: Apache-2.0
// The engine: what one looks at and does in a rehearsal, by hand.
import {onEngine} from "./acts.js";
import {h, show} from "./dom.js";
import {plot} from "./drawings.js";
import {capital, clock, since, tag} from "./words.js";

const said = h("p", {class: "said", role: "status"});
const act = async (body) => {
  show(said, "…");
  const answer = await onEngine(body);
  show(said, answer.error ? tag("bad", capital(answer.error)) : answer.text || (answer.now ? `It is ${clock(answer.now)}.` : "Done."));
};
const button = (words, body, more = {}) => h("button", {type: "button", class: "small", ...more, on: {click: () => act(body)}}, words);
// A form whose fields go along with `body`.
function form(body, words, ...fields) {
  const send = (event) => {
    event.preventDefault();
    const given = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value));
    act({...body, ...given});
  };
  return h("form", {class: "line", on: {submit: send}}, fields, h("button", {type: "submit", class: "small"}, words));
}
const input = (name, label, more = {}) => h("label", {}, h("span", {}, label), h("input", {name, autocomplete: "off", ...more}));
const choice = (name, label, ...values) => h("label", {}, h("span", {}, label), h("select", {name}, values.map((value) => h("option", {value}, value || "any"))));

function time(view) {
  return h("section", {class: "third"}, h("h2", {}, "Time"), h("p", {class: "big mono"}, clock(view.now), view.advancing ? " …" : ""),
           view.clock === "manual"
               ? [h("p", {class: "quiet"}, "It stands still until it is moved."),
                  h("div", {class: "row"}, ["10s", "1m", "5m", "1h"].map((by) => button(`+${by}`, {do: "advance", by}))),
                  form({do: "advance"}, "Advance", input("by", "by", {size: 6, placeholder: "90s", required: true}))]
               : h("p", {class: "quiet"}, "It runs by itself. With --clock manual it is moved from here."));
}

function checks(view) {
  return h("section", {class: "two"}, h("h2", {}, "Health checks"),
           h("table", {class: "stack"}, h("thead", {}, h("tr", {}, ["Check", "Status", "Last answer", "Force"].map((title) => h("th", {scope: "col"}, title)))),
             h("tbody", {}, (view.healthChecks || []).map((one) => h("tr", {"data-key": one.id},
                 h("td", {}, h("span", {class: "mono"}, one.target), h("p", {class: "quiet mono"}, one.id)),
                 h("td", {}, tag(one.status === "healthy" ? "good" : "bad", one.status),
                   one.forced !== "auto" ? h("p", {}, tag("warning", `forced ${one.forced}`)) : null,
                   one.latched ? h("p", {}, tag("warning", "latched")) : null,
                   h("p", {class: "quiet"}, since(one.since, view.now))),
                 h("td", {}, one.reason || "–"),
                 h("td", {}, h("div", {class: "row tight"}, ["down", "up", "auto"].map((status) =>
                     button(capital(status), {do: "health", id: one.id, status}, {"aria-pressed": String(one.forced === status)})))))))));
}

function faults(view) {
  return h("section", {class: "half"}, h("h2", {}, "Faults"),
           (view.faults || []).length
               ? h("ul", {}, view.faults.map((one) => h("li", {"data-key": one.id}, one.text, " ", button("End it", {do: "clear", id: String(one.id)}))))
               : h("p", {class: "quiet"}, "None: AWS works."),
           form({do: "fault"}, "Set", choice("kind", "fault", "outage", "throttle", "deny", "lag", "lose-answer"),
                choice("service", "of", "cloudwatch", "sns", "lambda", "route53", "events", "logs", "iam"),
                input("operation", "operation", {size: 14, placeholder: "any"}), input("for", "for", {size: 5, placeholder: "5m"})),
           form({do: "checkers"}, "Cut off", choice("id", "checkers of", "all", ...(view.healthChecks || []).map((one) => one.id)),
                input("cutOff", "cut off", {size: 4, placeholder: "1"}), input("loss", "or losing", {size: 5, placeholder: "40%"}),
                input("for", "for", {size: 5, placeholder: "5m"})));
}

function alarms(view) {
  const tone = {OK: "good", ALARM: "bad"};
  return h("section", {class: "half"}, h("h2", {}, "Alarms"),
           (view.alarms || []).length ? view.alarms.map((one) => h("article", {"data-key": one.name},
               h("h3", {}, tag(tone[one.state] || "unknown", one.state), " ", one.name),
               h("p", {class: "quiet"}, since(one.since, view.now), one.actions ? "" : "; its actions are off"),
               plot(one), h("p", {class: "quiet"}, one.reason))) : h("p", {class: "quiet"}, "There are none."));
}

function records(view) {
  return h("section", {class: "half"}, h("h2", {}, "Records"),
           h("table", {}, h("thead", {}, h("tr", {}, ["Name", "Type", "Role", "Value"].map((title) => h("th", {scope: "col"}, title)))),
             h("tbody", {}, (view.records || []).map((one) => h("tr", {}, h("td", {class: "mono"}, one.name), h("td", {}, one.type),
                 h("td", {}, one.failover ? capital(one.failover.toLowerCase()) : "–"), h("td", {class: "mono"}, one.values.join(", ")))))));
}

function topics(view) {
  return h("section", {class: "half"}, h("h2", {}, "Topics, last 24 hours"),
           (view.topics || []).map((one) => h("article", {"data-key": one.name}, h("h3", {}, one.name),
               h("p", {}, `${one.delivered} delivered, `, one.failed ? tag("bad", `${one.failed} failed`) : "none failed"),
               one.subscriptions.length
                   ? h("ul", {}, one.subscriptions.map((to) => h("li", {class: "mono"}, `${to.protocol}: ${to.endpoint}`, to.pending ? [" ", tag("warning", "not confirmed")] : null)))
                   : h("p", {class: "quiet"}, "Nobody is subscribed."))));
}

function functions(view) {
  return h("section", {}, h("h2", {}, "Functions"),
           (view.functions || []).map((one) => h("details", {"data-key": one.name, open: true}, h("summary", {}, one.name, ` (${one.runtime})`),
               h("pre", {}, (one.lines || []).map((line) => `${clock(line.at)} ${line.text.trimEnd()}`).join("\n") || "Nothing in the last half hour."))));
}

function mails(view) {
  return h("section", {}, h("h2", {}, "Mail that was sent"),
           (view.mails || []).length
               ? view.mails.map((one) => h("details", {"data-key": (one.date || "") + one.subject}, h("summary", {}, one.subject || "(no subject)", h("span", {class: "quiet"}, ` to ${one.to}`)), h("pre", {}, one.body || "")))
               : h("p", {class: "quiet"}, "None yet."));
}

export function rehearsal(view) {
  const failing = (view.healthChecks || []).filter((one) => one.status !== "healthy").length;
  return [
    h("section", {class: `banner ${failing ? "warning" : "good"}`}, h("div", {}, h("h1", {}, "The engine"),
        h("p", {}, failing ? `${failing} of ${view.healthChecks.length} health checks are unhealthy.` : "All health checks are healthy.")), said),
    (view.problems || []).map((problem) => h("section", {class: "problem"}, tag("unknown", problem))),
    time(view), checks(view), faults(view), alarms(view), records(view), topics(view), mails(view), functions(view),
  ];
}
