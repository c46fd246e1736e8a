"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const model = JSON.parse($("#model").textContent);
  const sections = all("section.lab");
  const large = $("#large"), said = $("#said");
  const place = "labkit contact sheet " + location.pathname;
  let lab = 0;       // the lab that is shown
  let shown = null;  // {line, column} of the enlarged plot
  let typed = { id: "", text: "" };

  // --- points given by eye: id -> {points, comment}, both the text of their fields -------------------------------

  const idOf = (student, name, item) => JSON.stringify([student, name, item]);
  const cellId = (line, column) => idOf(model.labs[lab].lines[line].student, model.labs[lab].name, model.labs[lab].columns[column].id);
  const cells = new Map();  // id -> {lab, line, column}, of everything that can be given points
  model.labs.forEach((l, i) => l.lines.forEach((line, j) => l.columns.forEach((column, k) => {
    if (column.max > 0) cells.set(idOf(line.student, l.name, column.id), { lab: i, line: j, column: k });
  })));
  const plain = (points) => (points === null ? "" : String(points));
  const nothing = { points: "", comment: "" };
  const same = (a = nothing, b = nothing) => a.points === b.points && a.comment === b.comment;
  const report = new Map(model.eye.map(([s, l, i, points, comment]) => [idOf(s, l, i), { points: plain(points), comment }]));
  let values = new Map(report), saved = new Map(report), keeps = true;
  let others = { values: [], saved: [] };  // kept for students who are not on this sheet just now

  /** A field's text as a number, null if empty, NaN if it is no number from 0 to the maximum. */
  function parsePoints(text, max) {
    const clean = text.trim().replace(",", ".");
    if (clean === "") return null;
    return /^(\d+\.?\d*|\.\d+)$/.test(clean) && Number(clean) <= max ? Number(clean) : NaN;
  }

  /** What this browser kept. What changed in the report since then is taken over, unless it was typed over here. */
  function restore() {
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(place)); } catch { keeps = false; }
    if (!kept || !Array.isArray(kept.values)) return "";
    const [mine, exported, seen] = [kept.values, kept.saved, kept.report].map((list) => new Map(list));
    let differing = 0;
    const strange = ([id]) => !cells.has(id);
    others = { values: kept.values.filter(strange), saved: kept.saved.filter(strange) };
    for (const id of new Set([...mine.keys(), ...exported.keys(), ...report.keys()])) {
      if (!cells.has(id)) continue;
      const typedHere = !same(mine.get(id), exported.get(id)), renewed = !same(report.get(id), seen.get(id));
      if (renewed && !typedHere) continue;
      if (renewed && !same(mine.get(id), report.get(id))) differing++;
      set(values, id, mine.get(id));
      set(saved, id, exported.get(id));
    }
    return differing ? `${differing} of the report's points differ from those typed here, which are kept.` : "";
  }

  function set(map, id, value = nothing) {
    if (same(value)) map.delete(id); else map.set(id, { points: value.points, comment: value.comment });
  }

  let keeping = 0;
  function keep() {
    clearTimeout(keeping);
    keeping = 0;
    try {
      localStorage.setItem(place, JSON.stringify({
        values: [...values, ...others.values], saved: [...saved, ...others.saved], report: [...report] }));
    } catch { keeps = false; }
    showUnsaved();
  }

  function unsaved() {
    const ids = new Set([...values.keys(), ...saved.keys()]);
    return [...ids].filter((id) => !same(values.get(id), saved.get(id)));
  }

  function showUnsaved() {
    const count = unsaved().length, badge = $("#unsaved");
    badge.hidden = !count;
    badge.textContent = `unsaved: ${count} ${count === 1 ? "entry" : "entries"} not exported yet` +
      (keeps ? "" : ", and this browser keeps nothing");
  }

  /** Take over a new text for points or comment: everywhere it shows, in the totals, and for good. */
  function give(id, change) {
    const value = { ...(values.get(id) || nothing), ...change };
    set(values, id, value);
    showCell(id);
    if (!keeping) keeping = setTimeout(keep, 150);
    showUnsaved();
  }

  function showCell(id) {
    const { lab: i, line, column } = cells.get(id), value = values.get(id) || nothing;
    const row = rowOf(i, line), given = $(`td[data-col="${column}"] .given`, row);
    fill(given, value, model.labs[i].columns[column].max);
    if (value.comment) given.dataset.comment = value.comment; else delete given.dataset.comment;
    if (shown && large.open && i === lab && cellId(shown.line, shown.column) === id) {
      fill($(".given", large), value, model.labs[i].columns[column].max);
    }
    showTotal(i, line, row);
  }

  function fill(given, value, max) {
    const points = $(".points", given), comment = $(".comment", given);
    if (points.value !== value.points) points.value = value.points;
    if (comment.value !== value.comment) comment.value = value.comment;
    const wrong = Number.isNaN(parsePoints(value.points, max));
    points.setAttribute("aria-invalid", wrong);
    points.title = wrong ? `a number from 0 to ${max}` : "";
  }

  const rowOf = (i, line) => rows[i][line];
  const rows = sections.map((section) => {
    const found = [];
    for (const row of all("tbody tr", section)) found[row.dataset.line] = row;
    return found;
  });

  /** What is typed here and not in the report. The totals are labkit's alone: `labkit sheet` brings all together. */
  const typedSince = (id) => !same(values.get(id), report.get(id));
  const hasPoints = (value, max) => Boolean(value?.points) && !Number.isNaN(parsePoints(value.points, max));

  function showTotal(i, line, row = rowOf(i, line)) {
    const { name, columns, lines } = model.labs[i], { student, status, open } = lines[line];
    const judged = columns.filter((c) => c.max > 0), key = (c) => idOf(student, name, c.id);
    const marked = (map) => judged.filter((c) => c.check < 0 && hasPoints(map.get(key(c)), c.max)).length;
    const left = open - marked(values) + marked(report), typed = judged.filter((c) => typedSince(key(c))).length;
    const small = $(".total small", row);
    const told = [left > 0 && status !== "missing" && `${left} to mark`, typed && `${typed} typed since`];
    small.textContent = told.filter(Boolean).join(", ");
    small.title = typed ? "in the total once the exported eye.csv lies in the report's folder and `labkit sheet` has run" : "";
  }

  // --- eye.csv -------------------------------------------------------------------------------------------------

  const columns = ["student", "lab", "id", "points", "comment"];
  const risky = /^([ \t\r\n]*['=+\-@＝＋－＠]|[\t\r\n])/;
  const guarded = (text) => (risky.test(text) ? "'" + text : text);  // a spreadsheet must not take it for a formula
  const quoted = (text) => (/[",;\t\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text);

  /** The text of eye.csv, and how many fields were left out because they hold no valid points. */
  function exported() {
    const lines = [columns.join(",")];
    let wrong = 0;
    for (const l of model.labs) for (const line of l.lines) for (const column of l.columns) {
      const id = idOf(line.student, l.name, column.id), value = values.get(id) || nothing;
      if (!(column.max > 0)) continue;
      let points = parsePoints(value.points, column.max);
      if (Number.isNaN(points)) { wrong++; points = null; }
      const comment = value.comment.trim();
      if (points === null && !comment && !report.has(id)) continue;  // what the report has is taken back by a line
      lines.push([...[line.student, l.name, column.id].map(guarded), plain(points), guarded(comment)].map(quoted).join(","));
    }
    return { text: "\ufeff" + lines.join("\r\n") + "\r\n", wrong };
  }

  function download() {
    const { text, wrong } = exported();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    link.download = "eye.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    for (const id of unsaved()) {
      const { lab: i, column } = cells.get(id), value = values.get(id) || nothing;
      if (!Number.isNaN(parsePoints(value.points, model.labs[i].columns[column].max))) set(saved, id, value);
    }
    keep();
    const left = `, without ${wrong} ${wrong === 1 ? "field that holds" : "fields that hold"} no valid points (red)`;
    notice(`Exported${wrong ? left : ""}: put eye.csv into the folder of the report and run labkit sheet, and the totals have it.`, wrong);
  }

  function notice(text, bad = false) {
    $("#notice").textContent = text;
    $("#notice").classList.toggle("bad", Boolean(bad));
  }

  // --- pictures: in the page as text, made into images when they come near the window ----------------------------

  const thumbnail = (n) => $("#t" + n)?.textContent;
  const enlarged = (n) => $("#e" + n)?.textContent || model.files[n];
  function load(image) {
    const data = thumbnail(image.dataset.n);
    if (!data || image.hasAttribute("src")) return;
    image.decoding = "async";
    image.src = data;
    near.unobserve(image);
  }
  const near = new IntersectionObserver((entries) => entries.forEach((e) => e.isIntersecting && load(e.target)),
    { rootMargin: "800px" });
  const waiting = () => all("img[data-n]:not([src])", sections[lab]);
  const idle = window.requestIdleCallback || ((work) => setTimeout(work, 50));

  function loadPictures() {
    const images = waiting();
    images.forEach((image) => near.observe(image));
    const some = () => {  // the rest while nothing else is to be done, so that print has them
      images.splice(0, 15).forEach(load);
      if (images.length) idle(some);
    };
    setTimeout(() => idle(some), 400);
  }

  // --- which rows, in which order ------------------------------------------------------------------------------

  const visible = () => all("tbody tr:not([hidden])", sections[lab]);

  function filter() {
    const part = $("#search").value.trim().toLocaleLowerCase();
    const box = $(`.filters[data-lab="${lab}"]`);
    const flags = all("input[value]:checked", box).map((input) => input.value);
    const open = $("[data-open]", box)?.checked;
    model.labs[lab].lines.forEach((line, i) => {
      const fits = (!flags.length && !open) || flags.some((flag) => line.flags.includes(flag)) || (open && isOpen(i));
      rowOf(lab, i).hidden = !(fits && line.student.toLocaleLowerCase().includes(part));
    });
    const count = visible().length, of = model.labs[lab].lines.length;
    $("#count").textContent = `${count === of ? of : `${count} of ${of}`} ${of === 1 ? "student" : "students"}`;
    $(".empty", sections[lab]).hidden = count > 0;
    settle();
  }

  /** Whether something of a student could still be given points by eye. */
  function isOpen(line) {
    const { name, columns, lines } = model.labs[lab];
    return lines[line].status !== "missing" && columns.some((c) => c.max > 0 && !(values.get(idOf(lines[line].student, name, c.id)) || nothing).points);
  }

  function sort(heading, direction) {
    const lines = model.labs[lab].lines.map((line, i) => ({ i, name: line.student, points: line.points }));
    const compare = new Intl.Collator(undefined, { numeric: true }).compare;
    const sign = direction === "ascending" ? 1 : -1;
    const by = heading.dataset.sort === "points" ? (a, b) => sign * (a.points - b.points) || compare(a.name, b.name)
      : (a, b) => sign * compare(a.name, b.name);
    $("tbody", sections[lab]).append(...lines.sort(by).map(({ i }) => rowOf(lab, i)));
    all("[data-sort]", sections[lab]).forEach((th) => th.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", direction);
    settle();
  }

  function showLab(i) {
    lab = i;
    sections.forEach((section, k) => { section.hidden = k !== lab; });
    all(".filters").forEach((box) => { box.hidden = Number(box.dataset.lab) !== lab; });
    if ($("#lab")) $("#lab").value = String(lab);
    filter();
    loadPictures();
    measureHead();
  }

  function measureHead() {
    document.documentElement.style.setProperty("--head", $("thead", sections[lab]).offsetHeight + 8 + "px");
  }

  // --- keyboard: one row at a time is in the order of Tab, arrows move between rows -------------------------------

  const controls = (row) => all("[data-c]", row);
  let current = null;
  function settle(row = null) {
    const next = row || (current && !current.hidden && sections[lab].contains(current) ? current : visible()[0]);
    if (current && current !== next) controls(current).forEach((c) => { c.tabIndex = -1; });
    if (next) controls(next).forEach((c) => { c.tabIndex = 0; });
    current = next || null;
  }

  function goTo(row, name) {
    if (!row) return;
    settle(row);
    const target = controls(row).find((c) => c.dataset.c === name) || controls(row)[0];
    target.focus({ preventScroll: true });
    if (target.matches("input")) target.select();
    row.scrollIntoView({ block: "nearest" });
  }

  function step(row, by) {
    const list = visible();
    return by === "first" ? list[0] : by === "last" ? list.at(-1) : list[list.indexOf(row) + by];
  }

  /** A key that gives points to the plot in focus: digits make a number as long as it fits. */
  function typePoints(line, column, key) {
    const { max } = model.labs[lab].columns[column];
    if (!(max > 0)) return;
    const id = cellId(line, column), old = (values.get(id) || nothing).points;
    let text;
    if (key === "Backspace" || key === "Delete") text = key === "Delete" ? "" : old.slice(0, -1);
    else {
      const started = typed.id === id ? typed.text : "", mark = key === "," ? "." : key;
      text = [started + mark, mark === "." ? "0." : mark].find((t) => !Number.isNaN(parsePoints(t, max)));
      if (text === undefined) { notice(`At most ${max} points can be given here.`, true); return; }
    }
    typed = { id, text };
    give(id, { points: text });
    const { student } = model.labs[lab].lines[line];
    notice(`${student}, ${model.labs[lab].columns[column].row}: ${text === "" ? "no points by eye" : `${text} of ${max}`}`);
  }
  const gives = (event) => !event.ctrlKey && !event.metaKey && !event.altKey && /^([0-9.,]|Backspace|Delete)$/.test(event.key);

  sections.forEach((section) => section.addEventListener("keydown", (event) => {
    const control = event.target.closest("[data-c]"), row = event.target.closest("tbody tr");
    if (!control || !row || event.ctrlKey || event.metaKey || event.altKey) return;
    const name = control.dataset.c, field = control.matches("input");
    const rowStep = { ArrowDown: 1, ArrowUp: -1, ...(field ? { Enter: event.shiftKey ? -1 : 1 } : { Home: "first", End: "last" }) }[event.key];
    if (rowStep !== undefined) {
      event.preventDefault();
      goTo(step(row, rowStep), name);
    } else if (field) {
      if (event.key === "Escape") goTo(row, name.split(".")[0]);
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      const list = controls(row).filter((c) => !c.matches("input"));
      const next = list[list.indexOf(control) + (event.key === "ArrowRight" ? 1 : -1)];
      if (next) { next.focus(); next.scrollIntoView({ block: "nearest", inline: "nearest" }); }
    } else if (control.matches(".enlarge")) {
      if (gives(event)) { event.preventDefault(); typePoints(Number(row.dataset.line), Number(name), event.key); }
      if (event.key.toLowerCase() === "c") { event.preventDefault(); $(".comment", control.parentElement)?.focus(); }
    }
  }));

  document.addEventListener("focusin", (event) => {
    typed = { id: "", text: "" };
    const row = event.target.closest("section.lab tbody tr");
    if (row && row !== current) settle(row);
  });

  sections.forEach((section) => section.addEventListener("input", (event) => {
    const td = event.target.closest("td[data-col]");
    if (!td) return;
    const kind = event.target.matches(".points") ? "points" : "comment";
    give(cellId(Number(td.parentElement.dataset.line), Number(td.dataset.col)), { [kind]: event.target.value });
  }));

  // --- the enlarged plot ---------------------------------------------------------------------------------------

  function enlarge(line, column) {
    const { columns, lines, reference } = model.labs[lab], own = line < 0 ? reference : lines[line];
    shown = { line, column };
    typed = { id: "", text: "" };
    const plot = own.plots[column], picture = plot ? plot.picture : -1;
    const spec = columns[column], isReference = line < 0;
    $("#large-title bdi").textContent = isReference ? "Reference" : own.student;
    $("#large-title span").textContent = " · " + spec.row;
    const list = visible();
    $("#large-place").textContent = isReference ? "" : `${list.indexOf(rowOf(lab, line)) + 1} of ${list.length}`;
    show($(".own img", large), picture, (plot && plot.alt) || `${spec.row}, ${own.student}`);
    const words = answerOf(own, column);
    putAnswer($(".own .answer", large), words);
    $(".own .none", large).hidden = picture >= 0 || words !== "";
    $(".own .none", large).textContent = (plot && plot.problem) || (own.status === "missing" ? "not handed in" : spec.plot ? "no plot" : "no answer");
    const modelAnswer = isReference || !reference ? "" : answerOf(reference, column);
    putAnswer($(".other .answer", large), modelAnswer);
    $(".other figcaption", large).textContent = spec.plot ? "reference" : "model answer and notes, for markers alone";
    const other = isReference || !reference || !reference.plots[column] ? -1 : reference.plots[column].picture;
    $(".other", large).hidden = other < 0 && !modelAnswer;
    show($(".other img", large), other, `reference: ${spec.row}`);
    $(".given", large).hidden = isReference || !(spec.max > 0);
    $(".given", large).style.display = $(".given", large).hidden ? "none" : "";
    if (!$(".given", large).hidden) {
      $(".of", large).textContent = `/ ${spec.max}`;
      $(".points", large).placeholder = placeholder(lab, line, column);
      fill($(".given", large), values.get(cellId(line, column)) || nothing, spec.max);
    }
    $(".flags", large).replaceChildren(...((plot && plot.flags) || []).map((flag) => {
      const item = document.createElement("li");
      item.className = "badge" + (flag === "below the promised accuracy" ? " bad" : "");
      item.textContent = flag;
      return item;
    }));
    const check = spec.check >= 0 && own.auto[spec.check];
    $("pre", large).textContent = check ? model.texts[check[2]] : "";
    $("[data-plot]", large).style.display = columns.length > 1 ? "" : "none";
    all("[data-move]", large).forEach((b) => { b.style.display = isReference ? "none" : ""; });
    if (!large.open) large.showModal();
    if (!large.contains(document.activeElement) || document.activeElement.matches(":disabled")) $("[data-close]", large).focus();
  }

  /** A written answer as HTML, which was drawn with nothing of the student's but text. */
  const answerOf = (own, column) => $("#a" + own.answers[column])?.textContent || "";
  function putAnswer(place, words) {
    place.innerHTML = words;
    place.hidden = words === "";
    place.scrollTop = 0;
  }

  function show(image, picture, alt) {
    image.hidden = picture < 0;
    image.alt = alt;
    if (picture < 0) { image.removeAttribute("src"); return; }
    image.onerror = () => { image.onerror = null; image.src = thumbnail(picture); };  // mailed without the plots
    image.src = enlarged(picture);
  }

  const placeholder = (i, line, column) => {
    const { check } = model.labs[i].columns[column], row = check >= 0 ? model.labs[i].lines[line].auto[check] : null;
    return row ? `(${row[0]})` : "";  // the check's points, which stand while the field is empty
  };

  function move(by) {
    if (shown.line < 0) return;
    const row = step(rowOf(lab, shown.line), by);
    if (row) enlarge(Number(row.dataset.line), shown.column);
  }

  function nextPlot() {
    const { columns } = model.labs[lab];
    enlarge(shown.line, (shown.column + 1) % columns.length);
  }

  large.addEventListener("keydown", (event) => {
    const field = event.target.matches("input"), { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowDown: 1, ArrowUp: -1, ...(field ? { Enter: 1 } : { ArrowRight: 1, ArrowLeft: -1, Home: "first", End: "last" }) }[key];
    if (by !== undefined && !event.target.matches("pre, .answer")) {
      event.preventDefault();
      move(by);
      if (field) event.target.select();
    } else if (!field) {
      if (gives(event) && shown.line >= 0) { event.preventDefault(); typePoints(shown.line, shown.column, key); }
      if (key.toLowerCase() === "p") nextPlot();
      if (key.toLowerCase() === "c" && shown.line >= 0) { event.preventDefault(); $(".comment", large).focus(); }
    }
  });
  large.addEventListener("input", (event) => {
    const kind = event.target.matches(".points") ? "points" : "comment";
    give(cellId(shown.line, shown.column), { [kind]: event.target.value });
  });
  large.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (event.target === large) large.close();  // beside it
    else if (button?.dataset.move) move(Number(button.dataset.move));
    else if (button && "plot" in button.dataset) nextPlot();
  });
  large.addEventListener("close", () => {
    if (shown.line >= 0) goTo(rowOf(lab, shown.line), String(shown.column));
    else $(`.reference [data-c="${shown.column}"]`, sections[lab])?.focus();
  });
  all("[data-close]").forEach((button) => button.addEventListener("click", () => button.closest("dialog").close()));
  said.addEventListener("click", (event) => event.target === said && said.close());

  sections.forEach((section) => section.addEventListener("click", (event) => {
    const button = event.target.closest("button"), row = event.target.closest("[data-line]");
    if (!button) return;
    if (button.matches(".enlarge")) enlarge(Number(row.dataset.line), Number(button.dataset.c));
    else if (button.matches(".verdict")) {
      const line = model.labs[lab].lines[row.dataset.line], [points, max, text] = line.auto[button.dataset.row];
      $("#said-title bdi").textContent = line.student;
      $("#said-title span").textContent = ` · ${model.labs[lab].rubric[button.dataset.row]} · ${points} of ${max}`;
      $("pre", said).textContent = model.texts[text];
      said.showModal();
    } else if (button.matches(".all")) {
      $("#search").value = "";
      all(`.filters[data-lab="${lab}"] input`).forEach((input) => { input.checked = false; });
      filter();
    } else if (button.closest("[data-sort]")) {
      const heading = button.closest("[data-sort]"), now = heading.getAttribute("aria-sort");
      sort(heading, now === "ascending" ? "descending" : now || heading.dataset.sort === "name" ? "ascending" : "descending");
    }
  }));

  // --- start ---------------------------------------------------------------------------------------------------

  const told = restore();
  all("tbody [data-c]").forEach((control) => { control.tabIndex = -1; });
  for (const { lab: i, line, column } of cells.values()) {
    const text = placeholder(i, line, column);
    if (text) $(`td[data-col="${column}"] .points`, rowOf(i, line)).placeholder = text;
  }
  for (const id of new Set([...report.keys(), ...values.keys()])) showCell(id);
  model.labs.forEach((l, i) => l.lines.forEach((_, line) => showTotal(i, line)));
  showUnsaved();
  if (told) notice(told, true);

  $("#search").addEventListener("input", filter);
  all(".filters input").forEach((input) => input.addEventListener("change", filter));
  $("#lab")?.addEventListener("change", (event) => showLab(Number(event.target.value)));
  $("#export").addEventListener("click", download);
  $("#print").addEventListener("click", () => print());
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.matches("input, select") && !large.open && !said.open) {
      event.preventDefault();
      $("#search").focus();
      scrollTo(0, 0);
    }
  });
  $("#search").addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "Enter") { event.preventDefault(); goTo(visible()[0], "0"); }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".keys")) $(".keys").open = false;
  });
  addEventListener("resize", measureHead);
  addEventListener("beforeprint", () => waiting().forEach((image) => { image.decoding = "sync"; image.src = thumbnail(image.dataset.n); }));
  addEventListener("pagehide", () => keeping && keep());
  addEventListener("beforeunload", (event) => {
    if (!keeps && unsaved().length) event.preventDefault();  // where the browser keeps the points, nothing is lost
  });
  addEventListener("storage", (event) => {  // the same sheet in another window
    if (event.key !== place) return;
    const before = [...values.keys()];
    values = new Map(report);
    saved = new Map(report);
    restore();
    for (const id of new Set([...before, ...values.keys()])) showCell(id);
    showUnsaved();
  });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => showLab(0)); else showLab(0);
})();
