"use strict";
// Tables of slots as grids: one tab stop, arrow keys between cells, Enter asks about one.

desk.quoted = (name) => (/[[\]=.,*"']/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);

desk.addressOf = (table, row, column) => {
  const keys = [`${table.row}=${desk.quoted(row)}`];
  if (column !== null) keys.push(`${table.column}=${desk.quoted(column)}`);
  return `slots[${keys.join(", ")}]`;
};

desk.signed = (number) => (number > 0 ? `+${number.toLocaleString("en")}` : number < 0 ? `−${(-number).toLocaleString("en")}` : "0");

desk.drawTables = (plan) => {
  const which = document.getElementById("which");
  const chosen = which.value;
  const options = plan.tables.map((table, at) => [String(at), table.title]);
  if (plan.map) options.push(["map", plan.map.title]);
  which.replaceChildren(...options.map(([value, title]) => desk.make("option", { value }, title)));
  if (options.some(([value]) => value === chosen)) which.value = chosen;
  desk.drawGrid();
};

desk.drawGrid = () => {
  if (document.getElementById("which").value === "map") desk.drawMap(desk.plan.map);
  else desk.drawTable();
};

// The map is a grid as well: where a region lies, there is a cell to choose.
desk.drawMap = (map) => {
  const against = document.getElementById("against");
  const hasBefore = map.tiles.some((tile) => tile.before !== null);
  against.disabled = !hasBefore;
  const isChange = against.checked && hasBefore;
  const most = Math.max(1, ...map.tiles.map((tile) => tile.value));
  const rows = Array.from({ length: map.rows }, () => desk.make("tr"));
  for (const row of rows) row.append(...Array.from({ length: map.columns }, () => desk.make("td", { className: "sea" })));
  for (const tile of map.tiles) {
    const cell = desk.drawCell(`slots[region=${desk.quoted(tile.key)}]`, tile.name, tile.value, tile.before ?? undefined, isChange, most);
    cell.title = `${tile.name}: ${cell.textContent}`;
    cell.prepend(desk.make("abbr", { title: tile.name }, tile.label), desk.make("br"));
    rows[tile.row].cells[tile.column].replaceWith(cell);
  }
  desk.showGrid(isChange ? `${map.title}: change against plan A` : `${map.title}, all planned years`, [], rows, "tiles");
};

desk.drawTable = () => {
  const table = desk.plan?.tables[Number(document.getElementById("which").value || 0)];
  const against = document.getElementById("against");
  against.disabled = !table?.before;
  if (!table) return;
  const isChange = against.checked && Boolean(table.before);
  const most = Math.max(1, ...table.values.flat());
  const head = [desk.make("th", { scope: "col" }, table.row[0].toUpperCase() + table.row.slice(1))];
  table.columns.forEach(([, name]) => head.push(desk.make("th", { scope: "col" }, name)));
  head.push(desk.make("th", { scope: "col" }, "Total"));
  if (table.today) head.push(desk.make("th", { scope: "col" }, "A year"), desk.make("th", { scope: "col" }, "Today, a year"));
  const body = table.rows.map(([key, name], at) => {
    const values = table.values[at];
    const total = values.reduce((sum, value) => sum + value, 0);
    const old = table.before?.[at];
    const cells = values.map((value, place) => {
      const [column, label] = table.columns[place];
      return desk.drawCell(desk.addressOf(table, key, column), `${name}, ${label}`, value, old?.[place], isChange, most);
    });
    const before = old?.reduce((sum, value) => sum + value, 0);
    cells.push(desk.drawCell(desk.addressOf(table, key, null), `${name}, total`, total, before, isChange, 0));
    if (table.today) {
      const yearly = (total / table.years).toLocaleString("en", { maximumFractionDigits: 1 });
      cells.push(desk.make("td", { className: "plain" }, yearly), desk.make("td", { className: "plain" }, table.today[key] ?? "0"));
    }
    return desk.make("tr", {}, desk.make("th", { scope: "row" }, name), ...cells);
  });
  const caption = isChange ? `${table.title}: change against plan A` : `${table.title}, all planned years`;
  desk.showGrid(caption, [desk.make("thead", {}, desk.make("tr", {}, ...head))], body, "");
};

desk.showGrid = (caption, head, body, className) => {
  const drawn = desk.make(
    "table",
    { role: "grid", className, "aria-describedby": "grid-help" },
    desk.make("caption", {}, caption),
    ...head,
    desk.make("tbody", {}, ...body),
  );
  drawn.addEventListener("keydown", desk.moveInGrid);
  drawn.addEventListener("click", (event) => desk.choose(event.target.closest("td[data-address]")));
  const focused = document.activeElement?.closest("#grid td[data-address]")?.dataset.address;
  document.getElementById("grid").replaceChildren(drawn);
  const kept = desk.cellOf(focused ?? document.getElementById("cell").value) ?? drawn.querySelector("td[data-address]");
  if (kept) kept.tabIndex = 0;
  // Where somebody was in the table that was here before, there they stay.
  if (kept && focused !== undefined) kept.focus();
  desk.markChosen();
};

desk.drawCell = (address, label, value, before, isChange, most) => {
  const change = before === undefined ? 0 : value - before;
  const text = isChange ? (change ? desk.signed(change) : "·") : value ? value.toLocaleString("en") : "·";
  const cell = desk.make("td", { role: "gridcell", tabIndex: -1, "aria-label": `${label}: ${isChange ? desk.signed(change) : value}` }, text);
  cell.dataset.address = address;
  cell.dataset.value = value;
  if (!isChange && most && value > 0) cell.classList.add(`s${Math.max(1, Math.ceil(6 * Math.sqrt(value / most) - 1e-9))}`);
  return cell;
};

desk.cellOf = (address) =>
  [...document.querySelectorAll("#grid td[data-address]")].find((cell) => cell.dataset.address === address);

desk.moveInGrid = (event) => {
  const cell = event.target.closest("td[data-address]");
  if (!cell) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    desk.choose(cell);
    return;
  }
  const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
  const rows = [...cell.closest("tbody").rows].filter((row) => row.querySelector("td[data-address]"));
  const cells = (row) => [...row.querySelectorAll("td[data-address]")];
  const own = cells(cell.parentElement);
  let next = null;
  if (event.key === "Home") next = own[0];
  else if (event.key === "End") next = own.at(-1);
  else if (steps[event.key]) {
    const [down, right] = steps[event.key];
    const target = rows[rows.indexOf(cell.parentElement) + down];
    if (right) next = own[own.indexOf(cell) + right];
    else if (target) {
      // On a map the nearest column of the next row that has a region.
      const apart = (other) => Math.abs(other.cellIndex - cell.cellIndex);
      next = cells(target).reduce((best, other) => (apart(other) < apart(best) ? other : best));
    }
  } else return;
  event.preventDefault();
  if (!next) return;
  cell.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
};

desk.choose = (cell) => {
  if (!cell) return;
  document.getElementById("cell").value = cell.dataset.address;
  document.getElementById("number").value = cell.dataset.value;
  document.querySelectorAll("#grid td[tabindex='0']").forEach((other) => { other.tabIndex = -1; });
  cell.tabIndex = 0;
  desk.markChosen();
  document.getElementById("ask").scrollIntoView({ block: "nearest" });
  document.getElementById("why").focus();
};

desk.markChosen = () => {
  const address = document.getElementById("cell").value;
  document.querySelectorAll("#grid td[data-address]").forEach((cell) => {
    cell.setAttribute("aria-selected", String(cell.dataset.address === address));
  });
};
