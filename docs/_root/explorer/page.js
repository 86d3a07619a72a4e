// The page: controls to state, state to text, picture, list and code.  The state is kept in the address, after the #.
"use strict";

(() => {
  const { data, text, mathml, float, find, conventionOf, block: blockOf, rule } = Exact;
  const $ = id => document.getElementById(id);
  const whole = id => Math.trunc(Number($(id).value)) || 0;
  const within = (n, least, most) => Math.min(most, Math.max(least, n));
  const SVG = "http://www.w3.org/2000/svg";
  let state, block, language = "python", extent = "one";

  // -- state

  function options(select, names, chosen) {
    select.replaceChildren(...names.map(([value, label]) => new Option(label, value, false, value === chosen)));
    select.value = names.some(([value]) => value === chosen) ? chosen : names[0][0];
  }

  function read() {
    const family = $("family").value, record = find(family);
    options($("basis"), record.bases.map(b => [b, b]), $("basis").value);
    const basis = $("basis").value;
    const known = data.conventions.filter(c => c.bases.includes(basis));
    options($("convention"), known.map(c => [c.name, c.name === "coupling" ? "coupling (this package)" : c.name]), $("convention").value);
    const path = [1, 2, 3].map(k => within(whole(`l${k}`), 0, data.lmax));
    const m = [1, 2, 3].map(k => within(whole(`m${k}`), -path[k - 1], path[k - 1]));
    const s1 = within(whole("s1"), -6, 6), s2 = within(whole("s2"), Math.max(-6, -6 - s1), Math.min(6, 6 - s1));
    const conjugate = record.conjugable && basis === "complex" ? [1, 2, 3].filter(k => $(`c${k}`).checked) : record.conjugate;
    return { family, basis, convention: $("convention").value, path, m, spins: [s1, s2, -s1 - s2 || 0], conjugate };
  }

  function write() {
    state.path.forEach((l, k) => { $(`l${k + 1}`).value = l; Object.assign($(`m${k + 1}`), { value: state.m[k], min: -l, max: l }); });
    $("s1").value = state.spins[0];
    $("s2").value = state.spins[1];
    const record = find(state.family);
    $("spins").hidden = !record.parameters.length;
    $("conjugate").hidden = !(record.conjugable && state.basis === "complex");
    [1, 2, 3].forEach(k => { $(`c${k}`).checked = state.conjugate.includes(k); });
  }

  // family/basis/convention/l1,l2,l3/m1,m2,m3/s1,s2/conjugated slots, as many as are given
  const address = () => [block.name.split(":")[0], state.basis, state.convention, state.path, state.m,
    state.spins.slice(0, 2), state.conjugate.join("") || "0"].join("/");
  function fromAddress() {
    const [family, basis, convention, path, m, spins, conjugate] = decodeURIComponent(location.hash.slice(1)).split("/");
    const numbers = (word, ids) => (word || "").split(",").forEach((n, k) => { if (n !== "" && ids[k]) $(ids[k]).value = Number(n) || 0; });
    if (data.families.some(f => f.name === family)) $("family").value = family;
    if (["complex", "real"].includes(basis)) options($("basis"), [[basis, basis]], basis);
    if (convention) options($("convention"), [[convention, convention]], convention);
    numbers(path, ["l1", "l2", "l3"]);
    numbers(m, ["m1", "m2", "m3"]);
    numbers(spins, ["s1", "s2"]);
    const slots = conjugate === undefined ? find($("family").value).conjugate : [...conjugate].map(Number);
    [1, 2, 3].forEach(k => { $(`c${k}`).checked = slots.includes(k); });
  }

  const zero = Exact.surd(0);
  const valueAt = m => (block.entries.find(e => Exact.same(e.m, m)) || { value: zero }).value;

  function show() {
    state = read();
    block = blockOf(state);
    write();
    history.replaceState(null, "", `#${address()}`);
    const value = valueAt(state.m);
    $("definition").textContent = find(state.family).definition;
    $("exact").innerHTML = mathml(value);
    $("exact").dataset.exact = text(value);
    $("float").textContent = (value.unit ? "i · " : "") + String(float(value));
    const why = rule(state), allowed = block.entries.length;
    $("why").textContent = value.sign ? "" : why ? `Zero: ${why}.` : allowed ? "Zero: a selection rule of the orders, or an accident." : "Zero: the factor of this path vanishes.";
    words();
    picture();
    rows();
    source();
  }

  function words() {
    const conv = conventionOf(state.convention), said = conv.words[state.basis][state.family];
    const lines = { convention: conv.program || conv.name, ...said };
    $("words").replaceChildren(...Object.entries(lines).flatMap(([key, value]) => {
      const [term, description] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = key;
      description.textContent = value;
      return [term, description];
    }));
  }

  // -- picture: a matrix of the first two axes for each place on the third

  function add(parent, name, attributes, content) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (content !== undefined) element.textContent = content;
    parent.appendChild(element);
    return element;
  }

  function picture() {
    const [rowsOf, columns, count] = block.shape, conv = conventionOf(state.convention);
    const orderAt = (axis, k) => conv.orders[state.path[block.slots[axis]]][k];
    const cell = within(Math.floor(150 / Math.max(rowsOf, columns)), 10, 26), left = 22, top = 20, gap = 12;
    const width = columns * cell + gap, height = rowsOf * cell + top + 4;
    const perRow = within(Math.floor(($("picture").clientWidth - left - 8) / width), 1, count);
    const svg = $("block"), odd = (state.path[0] + state.path[1] + state.path[2]) & 1;
    svg.replaceChildren();
    const size = [left + perRow * width, Math.ceil(count / perRow) * height];
    svg.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
    svg.setAttribute("width", size[0]);
    svg.setAttribute("height", size[1]);
    document.documentElement.dataset.parity = odd ? "odd" : "even";
    const largest = Math.max(0, ...block.entries.map(e => Exact.size(e.value)));
    const corner = k => [left + (k % perRow) * width, top + Math.floor(k / perRow) * height];
    for (let k = 0; k < count; k++) {
      const [x, y] = corner(k), name = `m${"₁₂₃"[block.slots[2]]} = `;
      add(svg, "rect", { x, y, width: columns * cell, height: rowsOf * cell, class: "frame" });
      const label = columns * cell > 50 || k === 0 ? `${columns * cell > 50 ? name : ""}${orderAt(2, k)}` : `${orderAt(2, k)}`;
      add(svg, "text", { x: x + (columns * cell) / 2, y: y - 5, class: "label" }, label.replace("-", "−"));
      if (k % perRow === 0) {
        for (let i = 0; i < rowsOf; i++) {
          if (rowsOf <= 7 || i % 2 === 0) add(svg, "text", { x: x - 4, y: y + (i + 0.5) * cell + 3.5, class: "row" }, String(orderAt(0, i)).replace("-", "−"));
        }
      }
    }
    for (const e of block.entries) {
      const [x, y] = corner(e.at[2]), part = Exact.size(e.value) / largest, negative = e.value.sign < 0;
      const at = { x: x + e.at[1] * cell, y: y + e.at[0] * cell };
      const rect = add(svg, "rect", { ...at, width: cell, height: cell, class: negative ? "negative" : "positive", "fill-opacity": (0.15 + 0.85 * part).toFixed(3) });
      add(rect, "title", {}, `(${e.m.join(", ")}): ${text(e.value)} = ${float(e.value)}`);
      rect.addEventListener("click", () => choose(e.m));
      add(svg, "text", { x: at.x + cell / 2, y: at.y + cell / 2 + 4, class: part > 0.5 ? "sign strong" : "sign" }, negative ? "−" : "+");
    }
    const at = Code.indices(state, state.m), [x, y] = corner(at[2]);
    add(svg, "rect", { x: x + at[1] * cell, y: y + at[0] * cell, width: cell, height: cell, class: "chosen" });
    const axis = k => `m${"₁₂₃"[block.slots[k]]}`;
    $("caption").textContent = `${block.name} (${state.path.join(", ")}), ${state.basis} basis, convention ${state.convention}` +
      `${block.entries.some(e => e.value.unit) ? ", divided by i" : ""}. A matrix for each ${axis(2)}; rows ${axis(0)}, columns ${axis(1)} in the same order. ` +
      `${block.entries.length} of ${rowsOf * columns * count} are not zero.`;
    $("least").textContent = largest ? (-largest).toPrecision(3).replace("-", "−") : "";
    $("most").textContent = largest ? `+${largest.toPrecision(3)}` : "";
    $("scale").hidden = !largest;
  }

  function choose(m) {
    m.forEach((order, k) => { $(`m${k + 1}`).value = order; });
    show();
  }

  // -- list and code

  function rows() {
    const head = document.createElement("tr");
    head.append(...["m₁", "m₂", "m₃", "exact", "double"].map(word => Object.assign(document.createElement("th"), { textContent: word })));
    $("head").replaceChildren(head);
    $("rows").replaceChildren(...block.entries.map(e => {
      const row = document.createElement("tr"), button = document.createElement("button");
      button.type = "button";
      button.textContent = text(e.value).replace("-", "−");
      button.addEventListener("click", () => choose(e.m));
      const cells = [...e.m.map(m => String(m).replace("-", "−")), button, (e.value.unit ? "i · " : "") + float(e.value)];
      row.append(...cells.map(content => { const cell = document.createElement("td"); cell.append(content); return cell; }));
      if (Exact.same(e.m, state.m)) row.className = "chosen";
      return row;
    }));
  }

  const source = () => { $("source").textContent = Code[language](state, block, valueAt(state.m), extent); };

  function press(button, group) {
    document.querySelectorAll(`[data-${group}]`).forEach(other => other.setAttribute("aria-pressed", String(other === button)));
    if (group === "language") language = button.dataset.language; else extent = button.dataset.extent;
    source();
  }

  async function copy() {
    const words = $("source").textContent;
    try {
      await navigator.clipboard.writeText(words);
    } catch {  // where a page from a folder may not
      getSelection().selectAllChildren($("source"));
      document.execCommand("copy");
    }
    $("copy").textContent = "copied";
    setTimeout(() => { $("copy").textContent = "copy"; }, 1500);
  }

  // -- theme: that of the system unless chosen; the documentation keeps its choice under the same key

  function theme(chosen) {
    const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    $("theme").textContent = dark ? "light" : "dark";
  }
  const kept = () => { try { return localStorage.getItem("theme"); } catch { return null; } };

  options($("family"), data.families.map(f => [f.name, f.name.replaceAll("_", " ")]), "gaunt");
  options($("basis"), [["real", "real"]], "real");
  options($("convention"), [["coupling", "coupling"]], "coupling");
  fromAddress();
  theme(["dark", "light"].includes(kept()) ? kept() : null);
  show();

  $("family").addEventListener("change", () => [1, 2, 3].forEach(k => { $(`c${k}`).checked = find($("family").value).conjugate.includes(k); }));
  $("controls").addEventListener("change", show);
  $("controls").addEventListener("submit", event => event.preventDefault());
  document.querySelectorAll("[data-language]").forEach(b => b.addEventListener("click", () => press(b, "language")));
  document.querySelectorAll("[data-extent]").forEach(b => b.addEventListener("click", () => press(b, "extent")));
  $("copy").addEventListener("click", copy);
  $("theme").addEventListener("click", () => {
    const chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", chosen); } catch { /* kept for this visit only */ }
    theme(chosen);
  });
  addEventListener("resize", picture);
  addEventListener("hashchange", () => { fromAddress(); show(); });
})();
