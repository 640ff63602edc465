// SPDX-License-Identifier: Apache-2.0
// Elements made of plain calls, and a page brought up to date without being made anew: focus, open
// details and what was typed stay where they are.

const svgs = new Set(["svg", "path", "line", "polyline", "circle", "rect", "text", "g", "title"]);

// h("p", {class: "why", on: {click: f}}, "text", child, ...); null and false are left out.
export function h(tag, properties = {}, ...children) {
  const element = svgs.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag)
                                : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") listen(element, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, value);
  }
  element.append(...flat(children));
  return element;
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined &&
                                                  child !== false && child !== "");
}

function listen(element, handlers) {
  element.heard = handlers;
  for (const name of Object.keys(handlers))
    element.addEventListener(name, (event) => element.heard[name]?.(event));
}

// Makes the children of `target` those of `wanted` (a list).
export function show(target, ...wanted) {
  bringChildren(target, flat(wanted).map(
      (one) => one instanceof Node ? one : document.createTextNode(String(one))));
}

function bringChildren(target, wanted) {
  const old = [...target.childNodes];
  wanted.forEach((next, index) => {
    const now = old[index];
    if (!now) target.append(next);
    else bring(now, next);
  });
  old.slice(wanted.length).forEach((left) => left.remove());
}

function isAlike(now, next) {
  return now.nodeType === next.nodeType && now.nodeName === next.nodeName &&
         now.dataset?.key === next.dataset?.key && Boolean(now.heard) === Boolean(next.heard);
}

function bring(now, next) {
  if (!isAlike(now, next)) return now.replaceWith(next);
  if (now.nodeType !== Node.ELEMENT_NODE) {
    if (now.nodeValue !== next.nodeValue) now.nodeValue = next.nodeValue;
    return;
  }
  const kept = now.nodeName === "DETAILS" ? ["open"] : [];
  for (const {name} of [...now.attributes])
    if (!next.hasAttribute(name) && !kept.includes(name)) now.removeAttribute(name);
  for (const {name, value} of next.attributes)
    if (now.getAttribute(name) !== value && !kept.includes(name)) now.setAttribute(name, value);
  if (next.heard) now.heard = next.heard;
  bringChildren(now, [...next.childNodes]);
}
