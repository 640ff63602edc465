// SPDX-License-Identifier: Apache-2.0
// All guards, the worst first.
import {h} from "./dom.js";
import {command, since, state, tag, when} from "./words.js";

export const path = (key) => "#/" + key.replaceAll(":", "/");

const serves = {primary: ["good", "Primary"], backup: ["warning", "Backup"],
                both: ["bad", "they disagree"], neither: ["bad", "neither"], unknown: ["unknown", "not known"]};

function row(one) {
  if (one.problem)
    return h("tr", {"data-key": one.key}, h("td", {}, one.id, place(one)),
             h("td", {colspan: 5}, tag("unknown", one.problem)));
  const [tone, words] = serves[one.serves] || serves.unknown;
  return h("tr", {"data-key": one.key},
           h("td", {}, h("a", {href: path(one.key)}, one.name || one.id), place(one)),
           h("td", {"data-label": "Serves"}, tag(tone, words)),
           h("td", {"data-label": "State"}, tag(one.tone, state(one.state)), h("span", {class: "quiet"}, ` ${one.form}`)),
           h("td", {"data-label": "Since", class: "n"}, since(one.since, one.at).replace("since ", "") || "–"),
           h("td", {"data-label": "Last drill", class: "n"}, when(one.lastDrill, one.at) || "not known"),
           h("td", {"data-label": "Next"}, one.next.words));
}

const place = (one) => one.account ? h("span", {class: "quiet"}, ` ${one.account}`) : null;

export function fleet(view) {
  const bad = view.rows.filter((one) => one.tone !== "good").length;
  const headline = !view.rows.length ? "No guard was found"
                   : !bad ? (view.rows.length === 1 ? "All is well" : `All ${view.rows.length} guards are well`)
                   : view.rows.length === 1 ? view.rows[0].headline || "The guard cannot be seen"
                   : `${bad} of ${view.rows.length} guards ${bad === 1 ? "needs" : "need"} a look`;
  return [
    h("section", {class: `banner ${!view.rows.length ? "unknown" : bad ? view.rows[0].tone : "good"}`, "aria-live": "polite"},
      h("div", {}, h("h1", {}, headline),
        !view.rows.length
            ? h("p", {}, "Nothing keeps a failed Primary out of DNS. If there should be a guard, look whether these are the right credentials. To begin: ", command("sitelatch doctor"))
            : null)),
    (view.problems || []).map((problem) => h("section", {class: "problem"}, tag("bad", problem))),
    view.rows.length
        ? h("section", {}, h("h2", {}, "Guards"),
            h("table", {class: "stack"},
              h("thead", {}, h("tr", {}, ["Name", "Serves", "State", "Since", "Last drill", "Next"].map(
                  (title) => h("th", {scope: "col"}, title)))),
              h("tbody", {}, view.rows.map(row))))
        : null,
  ];
}
