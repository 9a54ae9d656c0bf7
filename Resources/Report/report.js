"use strict";

// Tables: the first click sorts a column of numbers from large to small, one of words from A to Z; the next turns it.
function sortValue(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value ?? cell.textContent.trim();
}

function compareCells(first, second, numeric) {
  return numeric ? Number(first) - Number(second) : first.localeCompare(second, undefined, { numeric: true });
}

function sortBy(head) {
  const table = head.closest("table");
  const numeric = head.classList.contains("number");
  const last = head.getAttribute("aria-sort");
  const down = last ? last === "ascending" : numeric;
  const rows = [...table.tBodies[0].rows];
  rows.sort((one, other) => {
    const [first, second] = [one, other].map((row) => sortValue(row, head.cellIndex));
    if (first === "" || second === "") return (first === "") - (second === "");
    return (down ? -1 : 1) * compareCells(first, second, numeric);
  });
  table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  table.tBodies[0].append(...rows);
}

document.querySelectorAll("table.sortable thead th button").forEach((button) =>
  button.addEventListener("click", () => sortBy(button.closest("th"))));

// Pictures: a click enlarges one, the arrow keys go to its neighbours, Escape or a click closes.
const zooms = [...document.querySelectorAll(".zoom")];
const dialog = document.createElement("dialog");
let shownNow = 0;

function enlarge(number) {
  shownNow = (number + zooms.length) % zooms.length;
  const large = zooms[shownNow].querySelector("img").cloneNode();
  const words = document.createElement("p");
  words.textContent = large.alt;
  dialog.replaceChildren(large, words);
  if (!dialog.open) dialog.showModal();
}

if (zooms.length) {
  zooms.forEach((zoom, number) => zoom.addEventListener("click", () => enlarge(number)));
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") enlarge(shownNow + 1);
    if (event.key === "ArrowLeft") enlarge(shownNow - 1);
  });
  document.body.append(dialog);
}

// Light or dark: the system's choice until the button is used.
const theme = document.getElementById("theme");
theme.hidden = false;
theme.addEventListener("click", () => {
  const root = document.documentElement;
  const systemDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const dark = (root.dataset.theme ?? (systemDark ? "dark" : "light")) === "dark";
  root.dataset.theme = dark ? "light" : "dark";
});
