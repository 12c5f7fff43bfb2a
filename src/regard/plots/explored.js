
// What follows stands behind drawing.js in one module of a report: it chooses, sorts and filters
// the cases that are in the page, and says the numbers of what is pointed at.

const find = (id) => document.getElementById(id);
const given = JSON.parse(find("cases-data").textContent);
const rows = given.cases.map((row, n) => ({ ...row, n }));

const state = {
  listed: [], // cases in the order shown
  row: null, // that is shown, opened
  map: 0, // 0 for the weights, otherwise 1 and on for the evidence of an answer
  at: null, // the step, word or cell pointed at
  where: () => null,
};

// Numbers are whole ones with so many decimals; of a map of a picture, so many to a row.
function unpacked({ d, v, wide }) {
  const flat = v.map((each) => (each === null ? null : each / 10 ** d));
  return wide ? Array.from({ length: flat.length / wide }, (_, row) => flat.slice(row * wide, (row + 1) * wide)) : flat;
}

function opened(row) {
  const of = { ...row.of };
  if (of.kind === "series") {
    of.series = of.series.map(unpacked);
    of.steps = of.steps && unpacked(of.steps);
  }
  const answers = row.answers.map(([at, value], n) => ({ name: given.names[at], value, evidence: row.evidence[n] && unpacked(row.evidence[n]) }));
  return { ...row, of, answers, weights: unpacked(row.weights) };
}

// The panel.

const parts = {
  name: element("h2"),
  said: element("p", { class: "said", dir: "auto" }),
  truth: element("p", { class: "moved", dir: "auto" }),
  warning: element("p", { class: "notes", hidden: true }),
  maps: element("select"),
  plot: element("div", { class: "plot", role: "group", tabindex: 0 }),
  read: element("p", { class: "read", dir: "auto", role: "status" }),
  trust: element("p", { class: "trust" }),
  ranked: element("div", { class: "scroll" }),
};
const { plot } = parts;
const choosing = element("div", { class: "row" }, element("label", {}, "Map ", parts.maps));
find("shown").append(parts.name, parts.said, parts.truth, parts.warning, choosing, plot, parts.read, parts.trust, parts.ranked);

function show(row) {
  state.row = opened(row);
  state.map = Math.min(state.map, row.evidence.length);
  state.at = null;
  state.where = () => null;
  draw();
}

function draw() {
  const { row } = state;
  parts.name.textContent = row.name;
  parts.said.textContent = row.said;
  parts.said.classList.toggle("wrong", row.right === false);
  parts.truth.textContent = row.right === null ? row.title : row.right ? "This is right." : `The truth is ${row.group}.`;
  parts.warning.textContent = row.warning;
  parts.warning.hidden = !row.warning;
  const named = row.answers.filter(({ evidence }) => evidence).map(({ name }) => `evidence for ${name}`);
  const options = [`weights: ${row.weighed}`, ...named].map((name, at) => element("option", { value: at }, name));
  parts.maps.replaceChildren(...options);
  parts.maps.selectedIndex = state.map;
  choosing.hidden = !named.length;
  drawShown();
  parts.trust.replaceChildren();
  if (row.trust) parts.trust.append(element("b", {}, row.trust[0]), `: ${row.trust[1]}.`);
  drawRanked(parts.ranked, row.answers, {
    unit: given.unit,
    shares: given.shares,
    pressed: state.map ? row.answers[state.map - 1].name : null,
    show(name) {
      state.map = 1 + row.answers.findIndex((each) => each.name === name);
      draw();
    },
  });
}

function drawn() {
  return state.map ? state.row.answers[state.map - 1].evidence : state.row.weights;
}

function drawShown() {
  const { of } = state.row, weights = drawn();
  const keys = "Arrows move over it, with shift by one.";
  if (of.kind === "series") {
    plot.setAttribute("aria-label", `${weights.length} steps of ${of.series.length} channels, with ${parts.maps.selectedOptions[0].text}. ${keys}`);
    const where = drawSeries(plot, of, weights, { cursor: state.at });
    state.where = (event) => where(event).step;
  } else if (of.kind === "text") {
    plot.setAttribute("aria-label", `${of.words.length} words, with ${parts.maps.selectedOptions[0].text}. Arrows move over them.`);
    if (!plot.querySelector(":scope > .words")) plot.replaceChildren(element("p", { class: "words", dir: "auto" }));
    drawWords(plot.firstChild, of.text, of.words, weights);
    state.where = (event) => (event.target.dataset.at === undefined ? null : Number(event.target.dataset.at));
  } else {
    plot.setAttribute("aria-label", `A picture of ${of.rows} by ${of.columns} pixels, with ${parts.maps.selectedOptions[0].text}. Arrows move over it.`);
    drawPixels(state.row);
  }
  point(state.at);
}

// A large picture has weights of cells of several pixels.
async function drawPixels(row) {
  const { of } = row, cells = drawn();
  const image = new Image();
  image.src = `data:image/png;base64,${of.png}`;
  await image.decode();
  if (state.row !== row || cells !== drawn()) return;
  const picked = state.at === null ? null : box(state.at);
  const where = drawPicture(plot, image, spread(cells, of), { box: of.box, picked });
  state.where = (event) => {
    const at = where(event);
    return Math.floor(at.row / of.cell) * cells[0].length + Math.floor(at.column / of.cell);
  };
}

function box(at) {
  const { rows: high, columns: wide, cell } = state.row.of, across = state.row.weights[0].length;
  const top = Math.floor(at / across) * cell, left = (at % across) * cell;
  return [top, left, Math.min(high, top + cell), Math.min(wide, left + cell)];
}

// Sums of cells as weights of pixels, with straight lines between the middles of cells.
function spread(cells, { rows: high, columns: wide, cell }) {
  const size = (k, pixels) => Math.min(pixels, (k + 1) * cell) - k * cell;
  const dense = cells.map((line, down) => line.map((each, along) => each / (size(down, high) * size(along, wide))));
  const taps = (pixels, count) => Array.from({ length: pixels }, (_, pixel) => {
    const at = Math.max(0, Math.min(count - 1, (pixel + 0.5) / cell - 0.5));
    const from = Math.floor(at);
    return [from, Math.min(count - 1, from + 1), at - from];
  });
  const across = taps(wide, cells[0].length);
  return taps(high, cells.length).map(([up, down, low]) =>
    across.map(([left, right, far]) => {
      const mixed = (line) => line[left] + (line[right] - line[left]) * far;
      return mixed(dense[up]) + (mixed(dense[down]) - mixed(dense[up])) * low;
    }));
}

// Pointing.

function point(at) {
  const { of } = state.row;
  state.at = at;
  if (of.kind === "series") moveCursor(plot, at, state.row.weights.length);
  if (of.kind === "text") plot.querySelectorAll("[data-at]").forEach((word, n) => word.classList.toggle("at", n === at));
  const flat = drawn().flat();
  if (!flat.length) parts.read.textContent = "";
  else if (at === null) parts.read.textContent = `Highest at ${told(places(flat.map(Math.abs)))}`;
  else parts.read.textContent = told(at);
}

// A step, word or cell with its numbers.
function told(at) {
  const { of, weights, answers } = state.row;
  const numbers = [`weight ${number(weights.flat()[at])}`];
  const evidence = answers.filter((each) => each.evidence).map((each) => `for ${each.name} ${number(each.evidence.flat()[at])}`);
  if (evidence.length) numbers.push(`evidence ${evidence.join(", ")}`);
  if (of.kind === "text") {
    const [start, stop] = of.words[at];
    return `word ${at}, “${[...of.text].slice(start, stop).join("")}”: ${numbers.join("; ")}.`;
  }
  if (of.kind === "picture") {
    const [high, left, low, right] = box(at);
    const one = low - high === 1 && right - left === 1;
    return `${one ? `row ${high}, column ${left}` : `rows ${high} to ${low - 1}, columns ${left} to ${right - 1}`}: ${numbers.join("; ")}.`;
  }
  const some = of.series.slice(0, 4).map((row, channel) => `${of.series.length > 1 ? of.channels[channel] : "value"} ${number(row[at])}`);
  const place = of.steps ? `step ${at} (${number(of.steps[at])} on the axis)` : `step ${at}`;
  return `${place}: ${some.join(", ")}${of.series.length > 4 ? " …" : ""}; ${numbers.join("; ")}.`;
}

function pointed(at) {
  if (at === state.at) return;
  point(at);
  if (state.row.of.kind === "picture" && document.activeElement === plot) drawPixels(state.row);
}

plot.addEventListener("pointermove", (event) => pointed(state.where(event)));
plot.addEventListener("pointerdown", (event) => pointed(state.where(event)));
plot.addEventListener("pointerleave", () => pointed(null));
plot.addEventListener("blur", () => pointed(null));
plot.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const { of, weights } = state.row, count = weights.flat().length;
  const by = of.kind === "series" && !event.shiftKey ? Math.max(1, Math.round(count / 50)) : 1;
  const line = of.kind === "picture" ? weights[0].length : by;
  const ways = { ArrowLeft: -by, ArrowRight: by, ArrowUp: -line, ArrowDown: line, Home: -count, End: count };
  if (!count || !(event.key in ways)) return;
  event.preventDefault();
  pointed(state.at === null ? 0 : Math.max(0, Math.min(count - 1, state.at + ways[event.key])));
});

// The list.

function list() {
  const wanted = find("find").value.trim().toLowerCase();
  const [result, group, name] = ["result", "true", "predicted"].map((id) => find(id).value);
  const sorted = [...rows].sort(ORDERS[find("sort").value]);
  state.listed = sorted.filter((row) =>
    (!result || String(row.right) === result) && (!group || row.group === JSON.parse(group)) && (!name || row.answers[0][0] === Number(name)) &&
    (!wanted || [row.case, row.said, row.group, row.of.text ?? ""].some((text) => text.toLowerCase().includes(wanted))));
  drawList(find("list"), state.listed, choose);
  find("found").textContent = state.listed.length ? (state.listed.length < rows.length ? `${state.listed.length} of ${rows.length} cases` : `${rows.length} cases`) : "No case is like this.";
  const at = state.listed.findIndex((row) => row.n === state.row?.n);
  if (at >= 0 || !state.listed.length) markItem(find("list"), at);
  else choose(0);
}

function choose(at) {
  markItem(find("list"), at);
  show(state.listed[at]);
}

function selects() {
  const known = (name) => rows.some((row) => row[name] !== null);
  const orders = [
    ...(known("miss") ? [["miss", given.shares ? "mistake" : "error"]] : []),
    ...(known("certainty") ? [["certainty", "least sure"], ["sure", "surest"]] : []),
    ["order", "order"],
    ["name", "id"],
  ];
  find("sort").append(...orders.map(([value, name]) => element("option", { value }, name)));
  find("result-label").hidden = !known("right");
  const groups = [...new Set(rows.map((row) => row.group).filter(Boolean))].sort();
  const predicted = given.shares ? [...new Set(rows.map((row) => row.answers[0][0]))].sort((a, b) => a - b) : [];
  find("true").append(element("option", { value: "" }, "all"), ...groups.map((group) => element("option", { value: JSON.stringify(group) }, group)));
  find("predicted").append(element("option", { value: "" }, "all"), ...predicted.map((at) => element("option", { value: at }, given.names[at])));
  find("true-label").hidden = groups.length < 2;
  find("predicted-label").hidden = predicted.length < 2;
}

find("cases").hidden = false;
for (const link of document.querySelectorAll('a[href="#cases"]')) link.hidden = false;
document.documentElement.classList.add("scripted");
selects();
list();
for (const id of ["sort", "result", "true", "predicted"]) find(id).addEventListener("change", list);
find("find").addEventListener("input", list);
find("list").addEventListener("keydown", (event) => {
  const to = keyedTo(event.key, state.listed.findIndex((row) => row.n === state.row.n), state.listed.length);
  if (to === null || !state.listed.length) return;
  event.preventDefault();
  choose(to);
});
parts.maps.addEventListener("change", () => {
  state.map = parts.maps.selectedIndex;
  draw();
});
let resizing = null;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(draw, 100);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
