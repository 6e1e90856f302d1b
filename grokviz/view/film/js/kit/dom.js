// Small pieces of page. Text is only ever set through textContent.

export function make(tag, className = "", attributes = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const ICONS = {
  play: "M5 3.2v11.6L14.5 9z",
  pause: "M4.5 3.5h3v11h-3zM10.5 3.5h3v11h-3z",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 18 18");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "gv-icon");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function makeMenu(words, ...entries) {
  return make("details", "gv-menu", {}, make("summary", "", { text: words }), make("div", "gv-menu-list", {}, ...entries));
}

export function picker(label, options, value, onchange) {
  const select = make("select", "gv-picker", { "aria-label": label, title: label, onchange: () => onchange(select.value) });
  for (const [key, words] of options) select.append(make("option", "", { value: key, text: words, selected: key === value }));
  return select;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
