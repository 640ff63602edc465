// SPDX-License-Identifier: Apache-2.0
// What a person does from here: the same commands as on a command line, with the same refusals. A
// dialog asks for what a terminal would; what runs is shown line by line, to its end.
import {h, show} from "./dom.js";
import {tag} from "./words.js";

async function post(path, body) {
  try {
    const answer = await fetch(path, {method: "POST", headers: {"Content-Type": "application/json"},
                                      body: JSON.stringify(body), credentials: "same-origin"});
    const said = answer.headers.get("Content-Type")?.includes("json") ? await answer.json()
                                                                       : {error: await answer.text()};
    return answer.ok ? said : {error: said.error || `The console answered ${answer.status}.`};
  } catch {
    return {error: "The console does not answer: nothing was begun."};
  }
}

const act = (body) => post("/api/act", body);
export const onEngine = (body) => post("/api/engine", body);

const field = (name, label, hint, more = {}) =>
    h("label", {}, h("span", {}, label), h("input", {name, autocomplete: "off", spellcheck: "false", maxlength: 500, ...more}),
      hint ? h("small", {}, hint) : null);
const reason = (example) => field("reason", "Why?", "It goes into the audit log, and the next person on duty reads it.",
                                  {required: true, placeholder: example});

const forms = {
  "trip": (guard) => ({
    title: "Trip: latch now", button: "Trip now", tone: "warning",
    says: `Primary is taken out of DNS for ${guard.name || guard.id}, and Backup serves until somebody switches back.`,
    fields: [reason("Primary serves old sessions")],
  }),
  "switch-back": (guard) => ({
    title: "Switch back to Primary", button: "Switch back", tone: "go",
    says: "Primary serves again, with the data that it has. Synchronise the sites first: what Backup has taken since is lost otherwise.",
    fields: [
      h("ul", {class: "checks"},
        guard.primary.fromHere ? h("li", {}, tag(guard.primary.fromHere.well ? "good" : "bad", guard.primary.fromHere.words)) : null,
        h("li", {}, "The checks of this console (--check), else of the configuration file, are run first, and Primary is asked three times.")),
      reason("sites are in sync"),
      field("typed", `Type ${guard.nameToType} to say that you mean it`, null, {required: true, pattern: escaped(guard.nameToType)}),
    ],
  }),
  "drill": (guard) => ({
    title: "Drill", button: "Begin the drill", tone: "go",
    says: "The guard is rehearsed on a scratch health check of its own, made and removed again. No traffic moves. It takes minutes.",
    fields: guard.form === "engine" ? [] : [
      h("label", {}, h("span", {}, "Does a message reach somebody?"),
        h("select", {name: "reach"}, h("option", {value: "no"}, "Do not ask"),
          h("option", {value: "yes"}, "Ask: the drill fails unless somebody answers")),
        h("small", {}, "A code goes to those who are told of latches; they answer with sitelatch acknowledge."))],
  }),
  "arm": () => ({
    title: "Arm the guard", button: "Arm", tone: "go",
    says: "From then on a Primary that fails is latched. Refused while the guard could not fire.",
    fields: [reason("work is done")],
  }),
  "disarm": () => ({
    title: "Disarm for maintenance", button: "Disarm", tone: "warning",
    says: "The guard does not latch until the time is over; then it arms itself.",
    fields: [
      field("length", "For how long?", "As in 30m or 2h; at most 7 days.", {required: true, value: "30m", pattern: "([0-9]+[dhms])+"}),
      h("label", {}, h("span", {}, "Who serves meanwhile?"),
        h("select", {name: "keep"}, h("option", {value: "primary"}, "Primary (its check is frozen as healthy)"),
          h("option", {value: "backup"}, "Backup (a planned switch-over)"))),
      reason("rolling restart"),
    ],
  }),
};
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\\/-]/g, "\\$&");

function ask(subject, action, guard) {
  const form = forms[action](guard);
  const trouble = h("p", {class: "trouble", role: "alert"});
  const dialog = h("dialog", {"aria-labelledby": "act-title"});
  const go = h("button", {type: "submit", class: form.tone}, form.button);
  const send = async (event) => {
    event.preventDefault();
    go.disabled = true;
    const said = await act({subject, action, ...Object.fromEntries(new FormData(event.target))});
    go.disabled = false;
    if (said.error) return show(trouble, said.error);
    dialog.close();
  };
  dialog.append(h("form", {on: {submit: send}}, h("h2", {id: "act-title"}, form.title), h("p", {}, form.says),
                  form.fields, trouble,
                  h("div", {class: "row"}, h("button", {type: "button", on: {click: () => dialog.close()}}, "Cancel"), go)));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

const titles = {"switch-back": "Switch back…", "trip": "Trip…", "drill": "Drill…", "arm": "Arm…", "disarm": "Disarm…"};

export function buttons(subject, guard) {
  const offered = Object.keys(titles).filter((action) => guard.acts[action]);
  // What is next is seen first; a Primary that does not answer is not switched back to.
  const main = guard.acts["switch-back"] && guard.primary.fromHere?.well !== false ? "switch-back"
               : guard.acts.arm ? "arm" : null;
  return h("div", {class: "acts"}, offered.map((action) => h(
      "button", {type: "button", class: action === main ? "go" : "", "data-key": action, "data-act": action,
                 on: {click: () => ask(subject, action, guard)}}, titles[action])));
}

const ends = {done: "good", unchanged: "good", refused: "warning", passed: "good"};

function run(one) {
  const end = one.end;
  const tone = !end ? "busy" : end.status === 0 ? "good" : ends[end.result] === "warning" ? "warning" : "bad";
  const title = !end ? (one.stopping ? "ending" : "under way") : end.result || (end.status === 0 ? "done" : "failed");
  return h("li", {"data-key": one.number, class: "run"},
           h("p", {}, tag(tone, title), " ", h("code", {}, one.command)),
           end?.sentence ? h("p", {class: "sentence"}, end.sentence) : null,
           end?.refusals ? h("ul", {}, end.refusals.map((refusal) => h("li", {}, refusal.why,
               refusal.name ? h("span", {class: "quiet"}, ` (on the command line, --force ${refusal.name} overrides this)`) : null))) : null,
           end?.legs ? h("ul", {}, end.legs.map((leg) => h("li", {}, tag(leg.passed ? "good" : "bad", leg.name),
               ` ${leg.seconds.toFixed(1)} s: ${leg.sentence}`))) : null,
           end?.notes ? h("ul", {}, end.notes.map((note) => h("li", {class: "quiet"}, note))) : null,
           one.lines.length ? h("details", {open: !end}, h("summary", {}, end ? "What it said" : "What it says"),
                                h("pre", {}, one.lines.join("\n"))) : null,
           !end ? h("button", {type: "button", class: "small", on: {click: () => act({stop: one.number})}}, "Stop it") : null);
}

// Those of this guard, the newest first.
export function runs(subject, acts) {
  const own = (acts?.runs || []).filter((one) => one.subject === subject).reverse();
  if (!own.length) return null;
  return h("section", {class: "runs", "aria-live": "polite"}, h("h2", {}, "What was begun from here"), h("ul", {}, own.map(run)));
}
