// A text, and a choice for each column marked for it, narrow a table down; the page's address
// keeps both, so that a filtered page can be handed on.
const FEWEST_ROWS = 6;
const FEWEST_COLUMNS = 8; // of a table whose columns are in groups
const controls = new Map();

function control(name, table, label, field) {
  const wrapper = document.createElement("label");
  wrapper.append(label + " ", field);
  field.addEventListener(field.tagName === "SELECT" ? "change" : "input", () => { applyFilters(table); keepFilters(); });
  controls.set(name, field);
  return wrapper;
}

function choices(values) {
  const field = document.createElement("select");
  field.append(new Option("all", ""), ...values.map((value) => new Option(value, value)));
  return field;
}

function texts(row, column) {
  if (column === "verdict") return (row.dataset.verdicts ?? "").split(" ").filter(Boolean);
  return [row.cells[column].textContent.trim()];
}

function applyFilters(table) {
  const words = table.filter.text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = table.filter.selects.filter(([, field]) => field.value !== "");
  let shown = 0;
  for (const row of table.tBodies[0].rows) {
    const heads = table.classList.contains("heat") ? row.cells[0].textContent : row.textContent;
    const text = heads.toLowerCase();
    row.hidden = !(words.every((word) => text.includes(word))
      && chosen.every(([column, field]) => texts(row, column).includes(field.value)));
    shown += row.hidden ? 0 : 1;
  }
  if (table.filter.group) showGroup(table);
  table.filter.count.value = shown + " of " + table.tBodies[0].rows.length + " rows";
}

// The columns of one group of conditions alone; the first, of the rows' names, always stays.
function showGroup(table) {
  const [groups, heads] = [...table.tHead.rows].map((row) => [...row.cells]);
  const chosen = table.filter.group.value;
  let end = 1;
  for (const head of groups.slice(1)) {
    head.hidden = chosen !== "" && head.textContent !== chosen;
    const start = end;
    end += head.colSpan;
    for (const row of [heads, ...[...table.tBodies[0].rows].map((row) => row.cells)]) {
      for (let column = start; column < end; column += 1) row[column].hidden = head.hidden;
    }
  }
}

function keepFilters() {
  const kept = [...controls].filter(([, field]) => field.value !== "")
    .map(([name, field]) => encodeURIComponent(name) + "=" + encodeURIComponent(field.value));
  try {
    history.replaceState(null, "", kept.length ? "#~" + kept.join("&") : "#");
  } catch { /* a browser that keeps addresses of files as they are */ }
}

function restoreFilters(tables) {
  if (!location.hash.startsWith("#~")) return;
  for (const pair of location.hash.slice(2).split("&")) {
    try {
      const [name, value] = pair.split("=").map(decodeURIComponent);
      if (controls.has(name) && value !== undefined) controls.get(name).value = value;
    } catch { /* an address that nothing of this page made */ }
  }
  for (const table of tables) applyFilters(table);
  for (const [, field] of controls) if (field.value) field.closest("details")?.setAttribute("open", "");
}

function addFilter(table, number) {
  const rows = [...table.tBodies[0].rows];
  const bar = document.createElement("div");
  bar.className = "filter";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Rows of the table: " + (table.caption?.textContent ?? "").slice(0, 80));
  const text = document.createElement("input");
  text.type = "search";
  bar.append(control("t" + number, table, "Filter", text));
  const columns = headsOf(table).flatMap((head, column) => "select" in head.dataset ? [[column, head.textContent]] : []);
  if (rows.some((row) => row.dataset.verdicts)) columns.push(["verdict", "verdict"]);
  const selects = [];
  for (const [column, label] of columns) {
    const values = [...new Set(rows.flatMap((row) => texts(row, column)))];
    if (values.length < 2) continue;
    const field = choices(values);
    selects.push([column, field]);
    bar.append(control("t" + number + "." + column, table, label, field));
  }
  let group = null;
  if (table.tHead.rows.length > 1) {
    group = choices([...table.tHead.rows[0].cells].slice(1).map((head) => head.textContent));
    bar.append(control("t" + number + ".group", table, "columns", group));
  }
  const count = document.createElement("output");
  count.setAttribute("aria-live", "polite");
  bar.append(count);
  table.filter = { text, selects, group, count };
  table.closest(".scroll").before(bar);
  applyFilters(table);
}

const filtered = [...document.querySelectorAll("table.sortable")]
  .filter((table) => table.tBodies[0].rows.length >= FEWEST_ROWS
    || (table.tHead.rows.length > 1 && headsOf(table).length >= FEWEST_COLUMNS));
filtered.forEach(addFilter);
restoreFilters(filtered);
