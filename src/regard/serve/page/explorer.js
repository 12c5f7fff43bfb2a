// The page: chooses a case, asks the service, and shows what it says.
import { ORDERS, drawList, drawMatrix, drawPicture, drawRanked, drawSeries, drawWords, element, keyedTo, markItem, number, places } from "./drawing.js";

const find = (id) => document.getElementById(id);
const PAUSE = 150; // milliseconds after a letter that is typed

let typing = null; // the pause after a letter

const state = {
  runs: [],
  panels: [],
  rows: [], // test cases of the first run
  listed: [], // in the order shown
  at: -1, // of those
  given: null, // what is explained: { test } or { value }
  kind: "", // what the page draws and edits itself: series, text, picture, or "" for none
  value: null, // of the case as it is now
  original: null,
  erased: new Set(), // words
  undo: [],
  fresh: false, // whether the case has not been answered yet
  picked: null,
  cursor: null,
};

// The service.

async function fetched(path, options = {}) {
  const token = sessionStorage.getItem("token");
  const headers = { ...(options.headers ?? {}), ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The service does not answer.");
  }
  const content = await answer.json();
  if (answer.status === 401) find("token-form").hidden = false;
  if (!answer.ok) throw new Error(content.error?.message ?? `status ${answer.status}`);
  return content;
}

function post(path, body, signal) {
  if (body instanceof FormData) return fetched(path, { method: "POST", body, signal });
  return fetched(path, { method: "POST", body: JSON.stringify(body), signal, headers: { "Content-Type": "application/json" } });
}

function problem(text) {
  find("problem").textContent = text;
  find("problem").hidden = !text;
}

// Panels: one for each run shown.

class Panel {
  constructor(about) {
    this.about = about;
    this.map = "weights";
    this.head = 0;
    this.label = null; // of the evidence that is shown
    this.base = null; // the answer before anything was erased
    this.answer = null;
    this.asking = null;
    this.where = () => null;
    this.root = element("article", { class: "panel", "aria-label": `Run ${about.name}` });
    this.title = element("h2", {}, about.name);
    this.said = element("p", { class: "said", dir: "auto" });
    this.moved = element("p", { class: "moved" }, "Choose a case, or give one of your own.");
    this.choice = element("select", { "aria-label": `Map of ${about.name}` });
    this.heads = element("select", { "aria-label": "Head", hidden: true });
    this.plot = element("div", { class: "plot" });
    this.trust = element("p", { class: "trust" });
    this.warning = element("p", { class: "notes", hidden: true });
    this.ranked = element("div", { class: "scroll" });
    for (const name of about.maps) this.choice.append(element("option", { value: name }, mapName(about, name)));
    const row = element("div", { class: "row" }, element("label", {}, "Map ", this.choice), this.heads);
    this.root.append(this.title, this.said, this.moved, this.warning, row, this.plot, this.trust, this.ranked);
    this.choice.addEventListener("change", () => {
      this.map = this.choice.value;
      this.head = 0;
      this.label = null;
      this.ask();
    });
    this.heads.addEventListener("change", () => {
      this.head = this.heads.selectedIndex;
      this.draw();
    });
    listenToPlot(this);
  }

  async ask() {
    const given = this === state.panels[0] ? state.given : givenTo(this);
    if (!given) {
      this.said.textContent = "";
      this.moved.textContent = `This case cannot be given to ${this.about.name}.`;
      for (const part of [this.plot, this.ranked]) part.replaceChildren();
      this.trust.textContent = "";
      return;
    }
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.root.classList.add("late");
    const maps = [...new Set([this.map, ...(this.about.maps.includes("evidence") ? ["evidence"] : [])])];
    const picture = !["series", "text", "image"].includes(this.about.input) || !["classes", "numbers"].includes(this.about.output);
    const url = `/explain?run=${encodeURIComponent(this.about.name)}`;
    try {
      let body;
      if (given.file) {
        body = new FormData();
        body.append("file", given.file);
        body.append("maps", maps.join(","));
        body.append("picture", String(picture));
      } else {
        const at = given.test === undefined ? { case: given.value } : { test_case: given.test };
        body = { ...at, maps, picture };
      }
      const { answers } = await post(url, body, asking.signal);
      if (asking.signal.aborted) return;
      problem("");
      const first = answers.find((each) => each.maps);
      if (!first) throw new Error(`None of the cases can be predicted: ${answers[0]?.left_out ?? "none"}.`);
      this.take(first, answers.length);
    } catch (error) {
      if (error.name === "AbortError") return;
      problem(`${this.about.name}: ${error.message}`);
      if (this === state.panels[0]) state.fresh = false;
    } finally {
      if (this.asking === asking) this.root.classList.remove("late");
    }
  }

  take(answer, count) {
    this.answer = answer;
    if (this === state.panels[0] && state.fresh) {
      state.fresh = false;
      adopt(answer);
      if (count > 1) find("status").textContent = `The first of ${count} cases is shown.`;
      for (const other of state.panels.slice(1)) other.ask();
    }
    if (!this.base) this.base = answer;
    this.draw();
  }

  weights() {
    const found = this.answer.maps[this.map];
    if (this.map === "evidence") {
      const names = this.about.classes ?? this.about.targets ?? [];
      const at = Math.max(0, names.indexOf(this.label ?? answerOf(this)));
      return found[at] ?? found[0];
    }
    if (this.map === "heads") return found[Math.min(this.head, found.length - 1)];
    return found;
  }

  draw() {
    const { answer, about } = this;
    this.said.textContent = answer.said;
    this.said.classList.toggle("wrong", answer.right === false);
    this.moved.textContent = movedText(this);
    this.warning.textContent = answer.warning;
    this.warning.hidden = !answer.warning;
    drawHeads(this);
    this.where = drawCase(this);
    const verdict = answer.verdicts[this.map === "weights" ? about.drawn : this.map];
    this.trust.replaceChildren();
    if (verdict) this.trust.append(element("b", {}, verdict.verdict), `: ${verdict.sentence}.`);
    else if (about.verdicts.length) this.trust.textContent = "This map was not audited.";
    else this.trust.textContent = "Whether to believe its maps was not measured: regard audit does.";
    drawAnswers(this);
  }
}

function mapName(about, name) {
  if (name === "weights") return `as in reports (${about.drawn})`;
  return { heads: "attention by head", layers: "attention by layer" }[name] ?? name;
}

function answerOf(panel) {
  const prediction = panel.answer.prediction;
  return String(prediction.label ?? prediction.answer ?? "");
}

function share(answer, name) {
  return answer.prediction[`probability ${name}`];
}

function movedText(panel) {
  const { answer, base } = panel;
  if (base && state.undo.length) {
    const name = String(base.prediction.label ?? base.prediction.answer ?? "");
    const [before, now] = [share(base, name), share(answer, name)];
    if (before !== undefined) return `Before ${base.said}; ${name} is now ${now.toFixed(3)}.`;
    return `Before: ${base.said}`;
  }
  const truth = answer.prediction.true;
  if (answer.right !== null && truth !== undefined) return answer.right ? "This is right." : `The truth is ${truth}.`;
  return answer.others ? `Next: ${answer.others}` : "";
}

function drawHeads(panel) {
  const names = [];
  const found = panel.answer.maps[panel.map];
  if (panel.map === "heads") found.forEach((_, at) => names.push(`head ${at + 1}`));
  if (panel.map === "layers") found.forEach((heads, layer) => heads.forEach((_, at) => names.push(`layer ${layer + 1}, head ${at + 1}`)));
  panel.heads.hidden = names.length < 2;
  panel.heads.replaceChildren(...names.map((name) => element("option", {}, name)));
  panel.heads.selectedIndex = Math.min(panel.head, names.length - 1);
}

// Draws the case of a panel; returns what says where on it an event is.
function drawCase(panel) {
  const { answer, plot } = panel, { of } = answer;
  if (panel.map === "layers") {
    const matrices = answer.maps.layers.flat();
    drawMatrix(plot, matrices[Math.min(panel.head, matrices.length - 1)], "Attention of each position, down, to each other, across");
    described(panel, "group", "");
    return () => null;
  }
  const marks = { picked: state.picked, cursor: document.activeElement === plot ? state.cursor : null };
  if (of.kind === "series") {
    const weights = panel.weights();
    described(panel, "group", `${of.series[0].length} steps of ${of.channels.length} channels. The map is highest at step ${places(weights.map(Math.abs))}. ${keys()}`);
    return drawSeries(plot, of, weights, marks);
  }
  if (of.kind === "text") {
    if (!plot.querySelector(":scope > .words")) plot.replaceChildren(element("p", { class: "words", dir: "auto" }));
    const words = state.kind === "text" ? state.original : of;
    const weights = panel.weights();
    drawWords(plot.firstChild, words.text, words.words, weights, { erased: state.erased, press: eraseWord });
    described(panel, "group", `${of.words.length} words; pressing one erases it.`);
    return () => null;
  }
  if (of.kind === "picture" && !of.words) {
    const weights = panel.weights();
    const flat = weights.flat(), at = places(flat.map(Math.abs)), columns = weights[0].length;
    described(panel, "group", `A picture of ${weights.length} by ${columns} pixels. The map is highest at row ${Math.floor(at / columns)}, column ${at % columns}. ${keys()}`);
    const image = new Image();
    image.addEventListener("load", () => {
      if (panel.answer === answer) panel.where = drawPicture(plot, image, weights, { ...marks, box: of.box });
    });
    image.src = `data:image/png;base64,${of.png}`;
    return panel.where;
  }
  const picture = URL.createObjectURL(new Blob([answer.picture ?? ""], { type: "image/svg+xml" }));
  const image = element("img", { class: "drawn-there", alt: answer.title, src: picture });
  image.addEventListener("load", () => URL.revokeObjectURL(picture));
  plot.replaceChildren(image);
  described(panel, "", "");
  return () => null;
}

function keys() {
  return "Arrows move, with shift they mark, Delete erases what is marked.";
}

function described(panel, role, text) {
  const editable = role && panel.answer.of.kind !== "text";
  if (role) panel.plot.setAttribute("role", role);
  else panel.plot.removeAttribute("role");
  if (text) panel.plot.setAttribute("aria-label", text);
  else panel.plot.removeAttribute("aria-label");
  if (editable) panel.plot.tabIndex = 0;
  else panel.plot.removeAttribute("tabindex");
}

// The likeliest answers with their evidence; of other predictions their columns.
function drawAnswers(panel) {
  const { answer, about } = panel;
  const names = about.classes?.map(String);
  if (!names) {
    const rows = Object.entries(answer.prediction).map(([name, value]) =>
      element("tr", {}, element("th", { scope: "row" }, name), element("td", { dir: "auto" }, shown(value))));
    panel.ranked.replaceChildren(element("table", { class: "prediction" }, element("tbody", {}, ...rows)));
    return;
  }
  const answers = names.map((name, at) => ({ name, value: share(answer, name) ?? 0, evidence: answer.maps.evidence?.[at] }));
  answers.sort((one, other) => other.value - one.value);
  const pressed = panel.map === "evidence" ? panel.label ?? answerOf(panel) : null;
  const show = (name) => {
    panel.map = panel.choice.value = "evidence";
    panel.label = name;
    panel.draw();
  };
  drawRanked(panel.ranked, answers, { unit: about.unit, pressed, show });
}

function shown(value) {
  if (Array.isArray(value)) return value.map(shown).join(", ");
  return typeof value === "number" ? number(value) : String(value ?? "–");
}

// The case.

function show(given) {
  state.given = given;
  state.fresh = true;
  state.undo = [];
  state.erased = new Set();
  state.picked = state.cursor = null;
  for (const panel of state.panels) panel.base = null;
  state.panels[0].ask();
}

// What the first answer says of the case makes it one that can be edited.
function adopt(answer) {
  const { of } = answer;
  state.kind = of.kind ?? "";
  state.value = { series: of.series, text: of.text, picture: of.png }[state.kind] ?? state.given.value ?? null;
  state.original = of;
  find("tools").hidden = !state.kind;
  find("modes").hidden = state.kind !== "series";
  if (state.kind !== "series") find("modes").querySelector("input").checked = true;
  find("hint").textContent = { series: "In the picture, arrows with shift mark steps and Delete erases them.", text: "Press a word to erase it.", picture: "Drag over the picture to erase; or arrows move a mark, and Delete erases it." }[state.kind] ?? "";
  if (of.kind === "text" && document.activeElement !== find("typed")) find("typed").value = of.text;
  tools();
}

function tools() {
  find("undo").disabled = find("restore").disabled = !state.undo.length;
}

// What another run is given of the case of the first.
function givenTo(panel) {
  const own = state.panels[0].about;
  if (state.kind && panel.about.input === own.input) return { value: state.value };
  if (state.given.test === undefined && panel.about.input === own.input) return state.given;
  return null;
}

function edit(change) {
  if (state.fresh) return; // another case is coming
  state.undo.push({ value: state.value, erased: new Set(state.erased) });
  change();
  changed();
}

function changed() {
  state.given = { value: state.value };
  for (const panel of state.panels) panel.ask();
  tools();
}

function undo() {
  const last = state.undo.pop();
  if (!last) return;
  Object.assign(state, last);
  state.picked = null;
  changed();
}

function restore() {
  if (!state.undo.length) return;
  state.undo.length = 1;
  undo();
}

function eraseWord(at) {
  const { text, words } = state.original, characters = [...text];
  const erased = new Set(state.erased);
  if (!erased.delete(at)) erased.add(at);
  if (erased.size === words.length) {
    find("status").textContent = "The last word stays.";
    return;
  }
  let left = "", end = 0;
  words.forEach(([start, stop], n) => {
    left += characters.slice(end, erased.has(n) ? start : stop).join("");
    end = stop;
  });
  left += characters.slice(end).join("");
  edit(() => {
    state.erased = erased;
    state.value = left;
  });
}

// A line between the values beside a stretch, or the nearest of them at an end.
function eraseSteps(from, to) {
  if (to - from >= state.value[0].length) return;
  edit(() => {
    state.value = state.value.map((row) => {
      const before = row[from - 1] ?? row[to], after = row[to] ?? row[from - 1];
      return row.map((each, at) => (at < from || at >= to ? each : before + ((after - before) * (at - from + 1)) / (to - from + 1)));
    });
  });
  find("status").textContent = `Steps ${from} to ${to - 1} are erased.`;
}

async function erasePixels([top, left, bottom, right]) {
  const image = new Image();
  image.src = `data:image/png;base64,${state.value}`;
  await image.decode();
  const canvas = element("canvas", { width: image.width, height: image.height });
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const pixels = pen.getImageData(0, 0, image.width, image.height).data;
  const mean = [0, 0, 0];
  for (let at = 0; at < pixels.length; at += 4) for (let part = 0; part < 3; part++) mean[part] += pixels[at + part];
  pen.fillStyle = `rgb(${mean.map((sum) => Math.round((4 * sum) / pixels.length)).join(" ")})`;
  pen.fillRect(left, top, right - left, bottom - top);
  edit(() => {
    state.value = canvas.toDataURL("image/png").split(",")[1];
  });
  find("status").textContent = `Rows ${top} to ${bottom - 1}, columns ${left} to ${right - 1} are erased.`;
}

// Dragging and keys on a plot.

function listenToPlot(panel) {
  const { plot } = panel;
  let from = null, last = null, timer = null;
  const drawing = () => state.kind === "series" && document.querySelector("[name=mode]:checked").value === "draw";
  const redraw = () => { for (const each of state.panels) if (each.answer) each.where = drawCase(each); };
  plot.addEventListener("pointerdown", (event) => {
    if (!["series", "picture"].includes(state.kind) || panel.map === "layers" || event.button) return;
    const at = panel.where(event);
    if (!at) return;
    plot.setPointerCapture(event.pointerId);
    from = last = at;
    if (drawing()) state.undo.push({ value: state.value, erased: new Set() });
  });
  plot.addEventListener("pointermove", (event) => {
    if (!from) return;
    const at = panel.where(event);
    if (drawing()) {
      drawLine(from.channel, last, at);
      timer ??= setTimeout(() => { timer = null; changed(); }, 80);
      last = at;
      return;
    }
    state.picked = area(from, at);
    redraw();
    last = at;
  });
  plot.addEventListener("pointerup", () => {
    if (!from) return;
    const picked = state.picked;
    const drawn = drawing();
    from = null;
    state.picked = null;
    clearTimeout(timer);
    timer = null;
    if (drawn) changed();
    else if (picked) erasePicked(picked);
  });
  plot.addEventListener("pointercancel", () => { from = state.picked = null; redraw(); });
  plot.addEventListener("focus", redraw);
  plot.addEventListener("blur", redraw);
  plot.addEventListener("keydown", (event) => {
    if (event.target !== plot || event.altKey || event.ctrlKey || event.metaKey) return;
    if (["Delete", "Backspace", "Enter"].includes(event.key)) {
      if (state.picked) {
        const picked = state.picked;
        state.picked = null;
        erasePicked(picked);
      }
    } else if (event.key === "Escape") {
      state.picked = null;
      redraw();
    } else if (!moveCursor(event)) {
      return;
    } else {
      redraw();
    }
    event.preventDefault();
  });
}

function area(one, other) {
  if (state.kind === "series") return [Math.min(one.step, other.step), Math.max(one.step, other.step) + 1];
  return [Math.min(one.row, other.row), Math.min(one.column, other.column), Math.max(one.row, other.row) + 1, Math.max(one.column, other.column) + 1];
}

function erasePicked(picked) {
  if (state.kind === "series") eraseSteps(...picked);
  else erasePixels(picked);
}

// The cursor of the keyboard: a fiftieth of a series, or an eighth of a picture, at a time.
function moveCursor(event) {
  if (state.kind === "series") {
    const T = state.value[0].length, by = Math.max(1, Math.round(T / 50));
    const ways = { ArrowLeft: -by, ArrowRight: by, Home: -T, End: T };
    if (!(event.key in ways)) return false;
    const start = state.cursor ?? 0;
    state.cursor = Math.max(0, Math.min(T - 1, (state.cursor ?? -by) + ways[event.key]));
    if (event.shiftKey) {
      state.anchor ??= start;
      state.picked = [Math.min(state.anchor, state.cursor), Math.max(state.anchor, state.cursor) + 1];
    } else {
      state.anchor = null;
      state.picked = null;
    }
    find("status").textContent = state.picked ? `Steps ${state.picked[0]} to ${state.picked[1] - 1} are marked.` : `Step ${state.cursor}.`;
    return true;
  }
  if (state.kind !== "picture") return false;
  const ways = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  if (!(event.key in ways)) return false;
  const { rows, columns } = state.original;
  const [high, wide] = [Math.max(1, Math.round(rows / 8)), Math.max(1, Math.round(columns / 8))];
  const [top, left] = state.picked ?? [0, -wide];
  const [down, right] = ways[event.key];
  const row = Math.max(0, Math.min(rows - high, top + down * high));
  const column = Math.max(0, Math.min(columns - wide, left + right * wide));
  state.picked = [row, column, row + high, column + wide];
  find("status").textContent = `Rows ${row} to ${row + high - 1}, columns ${column} to ${column + wide - 1} are marked.`;
  return true;
}

function drawLine(channel, one, other) {
  const row = [...state.value[channel]];
  const [first, second] = one.step <= other.step ? [one, other] : [other, one];
  for (let at = first.step; at <= second.step; at++) {
    const share = second.step === first.step ? 1 : (at - first.step) / (second.step - first.step);
    row[at] = first.value + (second.value - first.value) * share;
  }
  if (one.step === other.step) row[one.step] = other.value;
  state.value = state.value.map((each, n) => (n === channel ? row : each));
}

// The list of test cases.

function list() {
  const current = state.listed[state.at];
  state.listed = [...state.rows].sort(ORDERS[find("sort").value]);
  state.at = state.listed.indexOf(current);
  drawList(find("list"), state.listed, choose);
  markItem(find("list"), state.at);
}

function choose(at) {
  if (!state.listed.length) return;
  state.at = Math.max(0, Math.min(state.listed.length - 1, at));
  markItem(find("list"), state.at);
  show({ test: state.listed[state.at].n });
}

// Cases of one's own.

function readTyped() {
  const { input } = state.panels[0].about;
  const text = find("typed").value;
  if (input === "series") {
    const rows = text.trim().split(/\n+/).map((line) => line.trim().split(/[\s,;]+/).filter(Boolean).map(Number));
    if (!text.trim() || rows.flat().some((each) => !Number.isFinite(each))) throw new Error("Wanted numbers, a line for each channel.");
    return rows;
  }
  if (input === "story") return { story: find("story").value, question: text };
  if (input === "panel") {
    try {
      return JSON.parse(text);
    } catch {
      throw new Error('Wanted JSON: {"past": {"column": [...]}}.');
    }
  }
  return text;
}

function useTyped() {
  clearTimeout(typing);
  unmark();
  try {
    show({ value: readTyped() });
  } catch (error) {
    problem(error.message);
  }
}

function unmark() {
  state.at = -1;
  markItem(find("list"), -1);
}

function ownInputs(about) {
  const names = { text: "Text", document: "Text", story: "Question", music: "Piece", series: "Numbers", panel: "Table, JSON" };
  const typed = about.input in names;
  find("typed-label").hidden = find("use").hidden = !typed;
  find("typed-name").textContent = names[about.input] ?? "";
  find("typed").value = "";
  find("story-label").hidden = about.input !== "story";
  find("latest").hidden = about.input !== "panel" || (about.known ?? []).length > 0;
  find("file-label").hidden = !about.uploads.length;
  find("file").accept = about.uploads.join(",");
  const example = about.case.examples?.[0];
  if (typed && example !== undefined && about.input !== "panel") {
    if (about.input === "story") {
      find("story").value = example.story;
      find("typed").value = example.question;
    } else find("typed").value = Array.isArray(example) ? [example].flat(Array.isArray(example[0]) ? 1 : 0).map((row) => row.join(", ")).join("\n") : example;
  }
}

// Runs.

async function useRun(name) {
  const about = state.runs.find((each) => each.name === name);
  const beside = state.runs.find((each) => each.name === find("beside").value && each.name !== name);
  state.panels = [new Panel(about), ...(beside ? [new Panel(beside)] : [])];
  find("panels").replaceChildren(...state.panels.map((panel) => panel.root));
  find("tools").hidden = true;
  const figures = Object.entries(about.figures).filter(([, value]) => typeof value === "number").slice(0, 4);
  find("about").textContent = [about.task, ...figures.map(([key, value]) => `${key.replaceAll("_", " ")} ${number(value)}`)].join(" · ");
  ownInputs(about);
  state.rows = [];
  state.at = -1;
  list();
  find("source").textContent = "Reading the test cases …";
  const found = await fetched(`/cases?run=${encodeURIComponent(name)}`);
  if (state.panels[0].about !== about) return;
  state.rows = found.rows;
  find("test-cases").hidden = !found.rows.length;
  find("source").textContent = found.rows.length ? `${found.rows.length} of ${found.rows.length + found.left}: ${found.source}` : `No test cases: ${found.source}.`;
  list();
  if (found.rows.length) choose(0);
  else if (about.input !== "panel" && !find("typed-label").hidden) useTyped();
}

async function begin() {
  try {
    state.runs = (await fetched("/model")).runs;
    find("token-form").hidden = true;
    problem("");
    find("run").replaceChildren(...state.runs.map(({ name }) => element("option", { value: name }, name)));
    find("beside").replaceChildren(element("option", { value: "" }, "no other"), ...state.runs.map(({ name }) => element("option", { value: name }, name)));
    find("beside-label").hidden = state.runs.length < 2;
    await useRun(state.runs[0].name);
  } catch (error) {
    problem(error.message);
  }
}

function attempt(work) {
  return (event) => Promise.resolve(work(event)).catch((error) => problem(error.message));
}

find("run").addEventListener("change", attempt(() => useRun(find("run").value)));
find("beside").addEventListener("change", () => {
  const beside = state.runs.find((each) => each.name === find("beside").value);
  state.panels = [state.panels[0], ...(beside ? [new Panel(beside)] : [])];
  find("panels").replaceChildren(...state.panels.map((panel) => panel.root));
  if (state.given && beside) state.panels[1].ask();
});
find("sort").addEventListener("change", list);
find("before").addEventListener("click", () => choose(state.at - 1));
find("after").addEventListener("click", () => choose(state.at + 1));
find("undo").addEventListener("click", undo);
find("restore").addEventListener("click", restore);
find("use").addEventListener("click", useTyped);
find("latest").addEventListener("click", () => show({ value: {} }));
find("file").addEventListener("change", () => {
  const [file] = find("file").files;
  if (!file || !state.panels.length) return;
  unmark();
  show({ file });
});
find("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", find("token").value);
  begin();
});
find("typed").addEventListener("input", () => {
  clearTimeout(typing);
  if (["text", "document"].includes(state.panels[0]?.about.input) && find("typed").value.trim()) typing = setTimeout(useTyped, PAUSE);
});
find("list").addEventListener("keydown", (event) => {
  const to = keyedTo(event.key, state.at, state.listed.length);
  if (to === null) return;
  event.preventDefault();
  choose(to);
});
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || ["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName)) return;
  if (event.key === "n") choose(state.at + 1);
  else if (event.key === "p") choose(state.at - 1);
  else if (event.key === "z") undo();
});
let resizing = null;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => { for (const panel of state.panels) if (panel.answer) panel.draw(); }, 100);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { for (const panel of state.panels) if (panel.answer) panel.draw(); });
begin();
