"use strict";

// The page's data: {study, criteria, cases: {number: {aspect, sources: [{name, src}]}}, pictures: {id: src},
// items: [{id, case}], choices: [{id, case, left, right}]}; no method is named.
const data = JSON.parse(document.getElementById("data").textContent);
const place = document.getElementById("place");
const kept = `study-${data.study}`;
let answers = { format: 1, study: data.study, reader: "", scores: {}, choices: {} };
let steps = [];
let now = 0;

function make(tag, attributes, ...children) {
  const node = Object.assign(document.createElement(tag), attributes);
  node.append(...children);
  return node;
}

// Every reader sees an order of their own, and the same one after a pause: the reader's name seeds it.
function shuffled(list, seed) {
  let state = [...seed].reduce((sum, letter) => Math.imul(sum ^ letter.codePointAt(0), 16777619) >>> 0, 2166136261);
  const result = [...list];
  for (let last = result.length - 1; last > 0; last -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 4294967296) * (last + 1));
    [result[last], result[other]] = [result[other], result[last]];
  }
  return result;
}

function keep() {
  try {
    localStorage.setItem(kept, JSON.stringify(answers));
  } catch {
    // A browser may refuse storage to a local file; the download at the end still has everything.
  }
}

function recalled() {
  try {
    return JSON.parse(localStorage.getItem(kept) ?? "null");
  } catch {
    return null;
  }
}

function figure(src, caption, aspect, judged) {
  const image = make("img", { src, alt: caption });
  image.style.aspectRatio = aspect;
  return make("figure", { className: judged ? "judged" : "" }, image, make("figcaption", {}, caption));
}

function sources(step) {
  const shown = data.cases[step.case];
  return shown.sources.map((source) => figure(source.src, source.name, shown.aspect, false));
}

function scoring(step) {
  const given = (answers.scores[step.id] ??= {});
  const rows = Object.entries(data.criteria).map(([name, [title, low, high]]) => {
    const buttons = [1, 2, 3, 4, 5].map((score) => {
      const input = make("input", { type: "radio", name, value: score, checked: given[name] === score });
      input.addEventListener("change", () => { given[name] = score; keep(); mark(); });
      return make("label", {}, input, String(score));
    });
    return make("fieldset", {}, make("legend", {}, title), make("span", {}, low), ...buttons, make("span", {}, high));
  });
  const picture = figure(data.pictures[step.id], "The picture to score", data.cases[step.case].aspect, true);
  return [make("h2", {}, "Score this picture"), make("div", { className: "pictures" }, ...sources(step), picture), ...rows];
}

function choosing(step) {
  const sides = ["left", "right"].map((side) => {
    const input = make("input", { type: "radio", name: "side", value: side, checked: answers.choices[step.id] === side });
    input.addEventListener("change", () => { answers.choices[step.id] = side; keep(); mark(); });
    return make("label", {}, input, side === "left" ? "Picture A" : "Picture B");
  });
  const aspect = data.cases[step.case].aspect;
  const pair = [figure(data.pictures[step.left], "Picture A", aspect, true), figure(data.pictures[step.right], "Picture B", aspect, true)];
  return [
    make("h2", {}, "Which of the two is the better fused picture?"),
    make("div", { className: "pictures" }, ...pair),
    make("fieldset", {}, make("legend", {}, "The better one"), ...sides),
    make("div", { className: "pictures small" }, ...sources(step)),
  ];
}

function complete(step) {
  return step.left ? step.id in answers.choices : Object.keys(data.criteria).every((name) => answers.scores[step.id]?.[name]);
}

function mark() {
  const next = document.getElementById("next");
  if (next) next.disabled = !complete(steps[now]);
}

function go(to) {
  now = to;
  if (now >= steps.length) { finish(); return; }
  const step = steps[now];
  const back = make("button", { type: "button", disabled: now === 0 }, "Back");
  const next = make("button", { type: "button", id: "next", className: "main" }, "Next");
  back.addEventListener("click", () => go(now - 1));
  next.addEventListener("click", () => go(now + 1));
  place.replaceChildren(
    make("progress", { max: steps.length, value: now, ariaLabel: "Progress" }),
    make("p", {}, `${now + 1} of ${steps.length}`),
    ...(step.left ? choosing(step) : scoring(step)),
    make("div", { className: "foot" }, back, next),
  );
  mark();
  scrollTo(0, 0);
}

function save(text, kind, suffix) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: kind })) });
  link.download = `answers-${data.study}-${answers.reader.replace(/[^\p{L}\p{N}]+/gu, "_")}.${suffix}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function asCsv() {
  const quoted = (value) => `"${String(value).replaceAll('"', '""')}"`;
  const scores = Object.entries(answers.scores).flatMap(([id, given]) =>
    Object.entries(given).map(([name, score]) => [answers.reader, id, name, score]));
  const choices = Object.entries(answers.choices).map(([id, side]) => [answers.reader, id, "choice", side]);
  return [["reader", "id", "question", "answer"], ...scores, ...choices].map((row) => row.map(quoted).join(",")).join("\n");
}

function finish() {
  const json = make("button", { type: "button", id: "save", className: "main" }, "Save the answers (JSON)");
  const csv = make("button", { type: "button" }, "Save as a table (CSV)");
  const back = make("button", { type: "button" }, "Back");
  json.addEventListener("click", () => save(JSON.stringify(answers, null, 1), "application/json", "json"));
  csv.addEventListener("click", () => save(asCsv(), "text/csv", "csv"));
  back.addEventListener("click", () => go(steps.length - 1));
  place.replaceChildren(
    make("h2", {}, "Thank you"),
    make("p", {}, "Save the answers and send the JSON file to whoever gave you this page."),
    make("div", { className: "foot" }, json, csv, back),
  );
}

function start(reader) {
  const before = recalled();
  if (before?.reader === reader) answers = before;
  answers.reader = reader;
  steps = [...shuffled(data.items, reader), ...shuffled(data.choices, reader)];
  const open = steps.findIndex((step) => !complete(step));
  go(open < 0 ? steps.length : open);
}

document.getElementById("begin").addEventListener("submit", (event) => {
  event.preventDefault();
  start(document.getElementById("reader").value.trim());
});
