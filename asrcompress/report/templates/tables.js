"use strict";
// A click on a head sorts its table: up, down, and back to the order of the results.
const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

// A cell's number where it has one; null where it says that there is none; else its text.
function cellValue(cell, key) {
  const text = (cell.dataset[key] ?? cell.dataset.value ?? cell.textContent).trim();
  if (text === "" || text === "-" || text === "n/a" || text === "not run") return null;
  const found = /^[[<±]?\s*([-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?)(?![\w.-]*[a-z])/i.exec(text.replace(/x$/, ""));
  return found ? parseFloat(found[1].replaceAll(",", "")) : text;
}

// Cells without a value come last, whichever way the rest is sorted.
function compareCells(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return sign * a.localeCompare(b, undefined, { numeric: true });
}

function headsOf(table) {
  return [...table.tHead.rows[table.tHead.rows.length - 1].cells];
}

function sortTable(table, column, direction) {
  headsOf(table).forEach((head, place) => {
    if (head.hasAttribute("aria-sort")) head.setAttribute("aria-sort", place === column ? direction : "none");
  });
  const sign = direction === "descending" ? -1 : 1;
  const key = table.dataset.key ?? "value";
  const rows = [...table.tBodies[0].rows].map((row) => [row, cellValue(row.cells[column], key)]);
  rows.sort((a, b) => (direction === "none" ? 0 : compareCells(a[1], b[1], sign))
    || a[0].dataset.order - b[0].dataset.order);
  table.tBodies[0].append(...rows.map((pair) => pair[0]));
}

for (const table of document.querySelectorAll("table.sortable")) {
  headsOf(table).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => sortTable(table, column, NEXT[head.getAttribute("aria-sort")]));
  });
}

// The heat map shows one of two numbers, and sorts by the one that it shows.
for (const choice of document.querySelectorAll(".heatmap input[type=radio]")) {
  choice.addEventListener("change", () => {
    const table = choice.closest(".heatmap").querySelector("table");
    table.dataset.key = choice.value;
    const sorted = headsOf(table).findIndex((head) => !["none", null].includes(head.getAttribute("aria-sort")));
    if (sorted >= 0) sortTable(table, sorted, headsOf(table)[sorted].getAttribute("aria-sort"));
  });
}
