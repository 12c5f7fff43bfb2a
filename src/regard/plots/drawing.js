// Draws cases with their maps, in the explorer and in reports. Text from the data goes through textContent and setAttribute alone.

const SVG = "http://www.w3.org/2000/svg";
const LEVELS = 24; // colours of a line
const MOST = 5; // answers in a table

export function element(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...inside);
  return made;
}

function shape(name, attributes = {}, text = null) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
}

function variable(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function rgb(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

// The colours of weights in reports: from grey through ochre to vermilion.
export function colours() {
  const stops = ["--quiet", "--ochre", "--attended"].map((name) => rgb(variable(name)));
  return (share) => {
    const at = Math.max(0, Math.min(1, share)) * 2;
    const from = Math.min(1, Math.floor(at));
    const mixed = stops[from].map((each, n) => each + (stops[from + 1][n] - each) * (at - from));
    return `rgb(${mixed.map(Math.round).join(" ")})`;
  };
}

// The weight of the strongest colour: the highest, but at least four times the mean.
export function top(weights) {
  let most = 0, sum = 0;
  for (const each of weights) {
    most = Math.max(most, Math.abs(each));
    sum += Math.abs(each);
  }
  return Math.max(most, (4 * sum) / Math.max(1, weights.length)) || 1;
}

export function number(value) {
  if (value == null || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  return size >= 1e4 || (size > 0 && size < 1e-3) ? value.toExponential(2) : String(+value.toPrecision(4));
}

export function places(weights) {
  let best = 0;
  weights.forEach((each, at) => { if (each > weights[best]) best = at; });
  return best;
}

const ROOM = { left: 8, right: 8, top: 14, lane: 56, between: 8, axis: 18 };

// A series coloured by its weights, and the weights below, which may be negative.
// Returns what turns pixels into steps and values, for dragging.
export function drawSeries(host, of, weights, { picked = null, cursor = null } = {}) {
  const { series, channels, steps, unit, spans } = of;
  const T = series[0].length, C = series.length;
  const width = Math.max(280, host.clientWidth || 640);
  const high = C === 1 ? 180 : Math.min(420, Math.max(180, 46 * C));
  const bottom = ROOM.top + high;
  const height = bottom + ROOM.between + ROOM.lane + ROOM.axis;
  const inner = width - ROOM.left - ROOM.right;
  const x = (at) => ROOM.left + ((at + 0.5) * inner) / T;
  const edge = (at) => ROOM.left + (at * inner) / T;
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  for (const [start, stop] of spans) {
    const from = edge(start);
    svg.append(shape("rect", { class: "true-span", x: from, y: ROOM.top, width: edge(stop) - from, height: high }));
  }
  const colour = colours(), most = top(weights);
  const bands = series.map((row, at) => band(row, ROOM.top + (at * high) / C, high / C));
  bands.forEach(({ y, low, peak }, at) => {
    const paths = Array.from({ length: LEVELS }, () => "");
    const row = series[at];
    for (let step = 0; step < T - 1 || (T === 1 && step === 0); step++) {
      const share = (Math.abs(weights[step]) + Math.abs(weights[Math.min(T - 1, step + 1)])) / (2 * most);
      const level = Math.min(LEVELS - 1, Math.floor(share * LEVELS));
      const next = Math.min(T - 1, step + 1);
      if (row[step] === null || row[next] === null) continue;
      paths[level] += `M${x(step).toFixed(1)} ${y(row[step]).toFixed(1)}L${x(next).toFixed(1)} ${y(row[next]).toFixed(1)}`;
    }
    paths.forEach((path, level) => {
      if (path) svg.append(shape("path", { d: path, fill: "none", "stroke-width": 1.8, "stroke-linecap": "round", stroke: colour((level + 0.5) / LEVELS) }));
    });
    const named = C > 1 ? `${channels[at]}  ` : "";
    svg.append(shape("text", { class: "axis", x: ROOM.left, y: bands[at].start + 9 }, `${named}${number(peak)}`));
    if (C === 1) svg.append(shape("text", { class: "axis", x: ROOM.left, y: bottom - 2 }, number(low)));
  });
  drawLane(svg, weights, edge, bottom + ROOM.between, ROOM.lane);
  const ends = steps ? [steps[0], steps[T - 1]] : [0, T - 1];
  svg.append(shape("text", { class: "axis", x: ROOM.left, y: height - 4 }, number(ends[0])));
  svg.append(shape("text", { class: "axis", x: width / 2, y: height - 4, "text-anchor": "middle" }, unit));
  svg.append(shape("text", { class: "axis", x: width - ROOM.right, y: height - 4, "text-anchor": "end" }, number(ends[1])));
  if (picked) {
    svg.append(shape("rect", { class: "picked", x: edge(picked[0]), y: ROOM.top, width: edge(picked[1]) - edge(picked[0]), height: height - ROOM.top - ROOM.axis }));
  }
  svg.append(shape("line", { class: "cursor", y1: ROOM.top, y2: height - ROOM.axis }));
  host.replaceChildren(svg);
  moveCursor(host, cursor, T);
  return (event) => {
    const box = svg.getBoundingClientRect();
    const across = ((event.clientX - box.left) * width) / box.width;
    const down = ((event.clientY - box.top) * height) / box.height;
    const step = Math.max(0, Math.min(T - 1, Math.floor(((across - ROOM.left) * T) / inner)));
    const channel = Math.max(0, Math.min(C - 1, Math.floor(((down - ROOM.top) * C) / high)));
    return { step, channel, value: bands[channel].value(down) };
  };
}

// The line across a series of T steps, at a step or away.
export function moveCursor(host, step, T) {
  const svg = host.querySelector("svg"), line = svg.querySelector(".cursor");
  line.style.display = step === null ? "none" : "";
  const inner = svg.viewBox.baseVal.width - ROOM.left - ROOM.right;
  for (const end of ["x1", "x2"]) line.setAttribute(end, ROOM.left + (((step ?? 0) + 0.5) * inner) / T);
}

function band(row, start, high) {
  let low = Infinity, peak = -Infinity;
  for (const each of row) {
    if (each === null) continue;
    low = Math.min(low, each);
    peak = Math.max(peak, each);
  }
  if (low > peak) [low, peak] = [0, 0];
  const from = low, size = peak - low || 1, room = high - 12;
  const y = (value) => start + 10 + room - ((value - from) * room) / size;
  const value = (down) => from + ((start + 10 + room - Math.max(start, Math.min(start + high, down))) * size) / room;
  return { start, low, peak, y, value };
}

// The weights as an area; what is negative below the line.
function drawLane(svg, weights, edge, start, high) {
  const signed = weights.some((each) => each < 0), most = top(weights);
  const line = signed ? start + high / 2 : start + high;
  const reach = signed ? high / 2 : high;
  let up = `M${edge(0)} ${line}`, down = up;
  weights.forEach((each, at) => {
    const one = (line - (Math.max(0, each) * reach) / most).toFixed(1);
    const other = (line - (Math.min(0, each) * reach) / most).toFixed(1);
    up += `L${edge(at).toFixed(1)} ${one}L${edge(at + 1).toFixed(1)} ${one}`;
    down += `L${edge(at).toFixed(1)} ${other}L${edge(at + 1).toFixed(1)} ${other}`;
  });
  const close = `L${edge(weights.length)} ${line}Z`;
  svg.append(shape("path", { class: "area", d: up + close }));
  if (signed) svg.append(shape("path", { class: "against", d: down + close }));
  const even = signed ? 0 : weights.reduce((sum, each) => sum + each, 0) / weights.length;
  const at = line - (even * reach) / most;
  svg.append(shape("line", { class: "even", x1: edge(0), x2: edge(weights.length), y1: at, y2: at }));
}

// A map in one line, for a row of a table.
export function strip(weights, label) {
  const svg = shape("svg", { viewBox: "0 0 200 26", preserveAspectRatio: "none", role: "img", "aria-label": label });
  drawLane(svg, weights, (at) => (at * 200) / weights.length, 1, 24);
  return svg;
}

// The words of a text: buttons that `press` is called with, and those erased are pressed; or words to point at, without.
export function drawWords(host, text, words, weights, { erased = new Set(), press = null } = {}) {
  const characters = [...text], parts = [];
  const most = top(weights);
  let end = 0, seen = 0;
  words.forEach(([start, stop], at) => {
    if (start > end) parts.push(characters.slice(end, start).join(""));
    const word = characters.slice(start, stop).join("");
    const gone = erased.has(at);
    const weight = gone ? 0 : weights[seen++] ?? 0;
    const said = { title: gone ? "erased" : number(weight) };
    const made = press ? element("button", { type: "button", "aria-pressed": String(gone), ...said }, word) : element("span", { "data-at": at }, word);
    made.style.setProperty("--s", Math.min(1, Math.abs(weight) / most).toFixed(3));
    made.style.setProperty("--tint", weight < 0 ? "var(--true)" : "var(--attended)");
    if (press) made.addEventListener("click", () => press(at));
    parts.push(made);
    end = stop;
  });
  if (end < characters.length) parts.push(characters.slice(end).join(""));
  const focused = [...host.querySelectorAll("button")].indexOf(document.activeElement);
  host.replaceChildren(...parts);
  if (focused >= 0) host.querySelectorAll("button")[focused]?.focus();
}

// A picture, and beside it the same in the light of its weights, with the box that is known to matter.
export function drawPicture(host, image, weights, { box = null, picked = null } = {}) {
  const rows = weights.length, columns = weights[0].length;
  const plain = canvas(columns, rows), lit = canvas(columns, rows);
  plain.getContext("2d").drawImage(image, 0, 0, columns, rows);
  const pixels = plain.getContext("2d").getImageData(0, 0, columns, rows);
  const tints = [rgb(variable("--attended")), rgb(variable("--true"))];
  const flat = weights.flat();
  let most = 0;
  for (const each of flat) most = Math.max(most, Math.abs(each));
  flat.forEach((each, at) => {
    const w = most ? Math.abs(each) / most : 0, tint = tints[each < 0 ? 1 : 0];
    for (let part = 0; part < 3; part++) {
      const old = pixels.data[4 * at + part];
      pixels.data[4 * at + part] = (1 - 0.6 * w) * (0.45 + 0.55 * w) * old + 0.6 * w * tint[part];
    }
  });
  lit.getContext("2d").putImageData(pixels, 0, 0);
  for (const [marked, tint] of [[box, "--true"], [picked, "--right"]]) {
    if (!marked) continue;
    const [top, left, bottom, right] = marked;
    for (const each of [plain, lit]) {
      const pen = each.getContext("2d");
      pen.strokeStyle = variable(tint);
      pen.lineWidth = Math.max(1, rows / 100);
      pen.strokeRect(left, top, right - left, bottom - top);
    }
  }
  host.replaceChildren(element("div", { class: "pair" }, plain, lit));
  return (event) => {
    const inside = [plain, lit].find((each) => each.getBoundingClientRect().right >= event.clientX) ?? lit;
    const box = inside.getBoundingClientRect();
    const clip = (value, size) => Math.max(0, Math.min(size - 1, Math.floor(value * size)));
    return {
      row: clip((event.clientY - box.top) / box.height, rows),
      column: clip((event.clientX - box.left) / box.width, columns),
    };
  };
}

function canvas(columns, rows) {
  return element("canvas", { width: columns, height: rows, class: Math.max(columns, rows) <= 96 ? "small" : "", "aria-hidden": "true" });
}

// The attention of one head of a layer: queries down, keys to the right.
export function drawMatrix(host, matrix, label) {
  const made = element("canvas", { width: matrix[0].length, height: matrix.length, class: "matrix", role: "img", "aria-label": label });
  const pen = made.getContext("2d"), colour = colours();
  const most = Math.max(...matrix.map((row) => Math.max(...row))) || 1;
  matrix.forEach((row, y) => row.forEach((each, x) => {
    pen.fillStyle = colour(each / most);
    pen.fillRect(x, y, 1, 1);
  }));
  host.replaceChildren(made);
}

// Lists of cases.

const last = (value) => value ?? -Infinity;

// By name, which of two cases comes first. The worst mistake is the surest of those that are as far off.
export const ORDERS = {
  order: (a, b) => a.n - b.n,
  miss: (a, b) => last(b.miss) - last(a.miss) || (a.miss > 0 ? -1 : 1) * (last(a.certainty) - last(b.certainty)) || a.n - b.n,
  certainty: (a, b) => last(a.certainty) - last(b.certainty) || a.n - b.n,
  sure: (a, b) => last(b.certainty) - last(a.certainty) || a.n - b.n,
  name: (a, b) => a.case.localeCompare(b.case, undefined, { numeric: true }) || a.n - b.n,
  narrow: (a, b) => a.spread - b.spread,
  wide: (a, b) => b.spread - a.spread,
};

// The options of a list of cases.
export function drawList(host, rows, choose) {
  host.replaceChildren(...rows.map((row, at) => {
    const mark = row.right === null ? "" : row.right ? "✓" : "✗";
    const item = element("li", { role: "option", id: `case-${at}`, "aria-selected": "false", "aria-label": `case ${row.case}, ${row.title}` },
      element("span", { class: "name" }, row.case), element("span", {}, row.said),
      element("span", { class: row.right === false ? "mark wrong" : "mark", "aria-hidden": "true" }, mark));
    item.addEventListener("click", () => choose(at));
    return item;
  }));
}

// Selects one of them, or none at -1.
export function markItem(host, at) {
  for (const each of host.querySelectorAll("[aria-selected=true]")) each.setAttribute("aria-selected", "false");
  const item = host.children[at];
  if (!item) {
    host.removeAttribute("aria-activedescendant");
    return;
  }
  item.setAttribute("aria-selected", "true");
  host.scrollTop = Math.min(item.offsetTop, Math.max(host.scrollTop, item.offsetTop + item.offsetHeight - host.clientHeight));
  host.setAttribute("aria-activedescendant", item.id);
}

// Where a key of a list leads to, of so many cases; null for other keys.
export function keyedTo(key, at, count) {
  const ways = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10, Home: 0, End: count - 1 };
  return key in ways ? Math.max(0, Math.min(count - 1, ways[key])) : null;
}

// The first answers, { name, value, evidence } each, with a button to show the evidence for one.
export function drawRanked(host, answers, { unit, shares = true, pressed = null, show }) {
  const some = answers.slice(0, MOST);
  const evidence = some.some((each) => each.evidence);
  const strips = evidence && some.every((each) => !Array.isArray(each.evidence?.[0])); // of pictures there are none
  const rows = some.map((answer) => {
    const { name, value } = answer;
    const row = element("tr", {}, element("th", { scope: "row", dir: "auto", title: name }, name), element("td", { class: "share" }, shares ? value.toFixed(3) : number(value)));
    const cell = element("td");
    if (strips && answer.evidence) {
      cell.append(strip(answer.evidence, `evidence for ${name}, highest at ${unit} ${places(answer.evidence)}`));
    } else if (shares) {
      cell.append(element("progress", { max: 1, value, "aria-label": `probability of ${name}` }));
    }
    row.append(cell);
    if (answer.evidence) {
      const button = element("button", { type: "button", "aria-pressed": String(pressed === name), "aria-label": `Show the evidence for ${name}` }, "show");
      button.addEventListener("click", () => show(name));
      row.append(element("td", { class: "share" }, button));
    }
    return row;
  });
  const head = element("tr", {}, element("th", { scope: "col" }, shares ? "Answer" : "Target"), element("th", { scope: "col", class: "share" }, shares ? "share" : "value"),
    element("th", { scope: "col" }, strips ? "evidence, against it below" : ""), ...(evidence ? [element("th", { scope: "col" })] : []));
  const focused = host.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
  host.replaceChildren(element("table", { class: "ranked" }, element("thead", {}, head), element("tbody", {}, ...rows)));
  if (focused) [...host.querySelectorAll("button")].find((each) => each.getAttribute("aria-label") === focused)?.focus();
}
