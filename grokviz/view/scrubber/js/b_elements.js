// Small pieces of page. Text is only ever set through textContent.

function make(tag, className = "", attributes = {}, ...children) {
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

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 18 18");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "gv-icon");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

// Two canvases on top of each other: the background, drawn when size, theme or axis change, and the live layer.
function makeFigure(className, label) {
  const back = make("canvas", "gv-canvas", { "aria-hidden": "true" });
  const front = make("canvas", "gv-canvas", { role: "img", "aria-label": label });
  const holder = make("div", className, {}, back, front);
  const figure = { holder, back, front, width: 0, height: 0, scale: 1, stale: true };
  figure.resize = (width, height) => {
    const scale = Math.min(globalThis.devicePixelRatio || 1, 2);
    if (width === figure.width && height === figure.height && scale === figure.scale) return;
    Object.assign(figure, { width, height, scale, stale: true });
    for (const canvas of [back, front]) {
      [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
      [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
    }
  };
  figure.clear = (canvas) => {
    const g = canvas.getContext("2d");
    g.setTransform(figure.scale, 0, 0, figure.scale, 0, 0);
    g.clearRect(0, 0, figure.width, figure.height);
    g.lineWidth = 1;
    return g;
  };
  return figure;
}

// Copies the address of exactly this view; an offline copy has no address to share.
function makeLinkButton(film, chosen) {
  if (location.protocol === "file:") return [];
  const words = "Copy link", button = make("button", "gv-picker", { type: "button", text: words });
  button.onclick = async () => {
    const link = new URL(location.href);
    link.searchParams.set("step", film.step());
    link.searchParams.set("panels", chosen().join(","));
    try {
      await navigator.clipboard.writeText(link.href);
      button.textContent = "Copied";
    } catch {
      prompt("Copy this link", link.href); // no clipboard without https
    }
    setTimeout(() => (button.textContent = words), 1500);
  };
  return [button];
}

function makeMenu(words, ...entries) {
  return make("details", "gv-menu", {}, make("summary", "", { text: words }), make("div", "gv-menu-list", {}, ...entries));
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function download(name, blob) {
  const url = URL.createObjectURL(blob);
  make("a", "", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function fileName(timeline, words, extension) {
  const title = timeline.header.title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40) || "run";
  return `grokviz-${title}-${words}.${extension}`;
}

// A figure as a picture file, with its title above and its sentence below, at twice the size.
function savePicture(timeline, theme, figure, { title, caption, step, name }) {
  const scale = 2, margin = 20, head = 34, foot = 62, width = figure.width + 2 * margin;
  const canvas = make("canvas", "", { width: width * scale, height: (figure.height + head + foot + 2 * margin) * scale });
  const g = canvas.getContext("2d");
  g.scale(scale, scale);
  g.fillStyle = theme.background;
  g.fillRect(0, 0, width, canvas.height);
  g.fillStyle = theme.text;
  g.font = theme.font(17, 600);
  g.textBaseline = "top";
  g.fillText(title, margin, margin);
  for (const layer of [figure.back, figure.front]) g.drawImage(layer, margin, margin + head, figure.width, figure.height);
  g.font = theme.font(13);
  g.fillStyle = theme.muted;
  let line = "", y = margin + head + figure.height + 12;
  for (const word of `Step ${whole(step)}. ${caption}`.split(" ")) {
    if (g.measureText(line + word).width > figure.width) {
      g.fillText(line, margin, y);
      [line, y] = ["", y + 18];
    }
    line += `${word} `;
  }
  g.fillText(line, margin, y);
  canvas.toBlob((blob) => download(fileName(timeline, `${name}-step-${step}`, "png"), blob));
}

function saveCurves(timeline) {
  const { header, arrays } = timeline;
  const names = Object.keys(arrays).filter((name) => arrays[name].shape.length === 1 && !name.startsWith("log_"));
  const lines = header.steps.map((step, i) => [step, ...names.map((name) => measure(timeline, name, i))].join(","));
  download(fileName(timeline, "curves", "csv"), new Blob([[["step", ...names].join(","), ...lines].join("\n"), "\n"], { type: "text/csv" }));
}
