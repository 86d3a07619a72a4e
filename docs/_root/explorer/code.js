// The code that the page offers for copying: Python, C99, LaTeX; one coefficient, or all of a path.
"use strict";

const Code = (() => {
  const { text, latex, float, find, conventionOf } = Exact;
  const list = numbers => numbers.join(", ");
  const isOurs = state => state.convention === "coupling";

  function indices(state, m) {
    const conv = conventionOf(state.convention);
    return conv.slots.map(slot => conv.orders[state.path[slot]].indexOf(m[slot]));
  }

  // -- Python

  function python(state, block, value, extent) {
    const options = isOurs(state) ? `basis="${state.basis}"` : `convention="${state.convention}"`;
    const wanted = `coupling.block("${block.name}", ${list(state.path)}, ${options})`;
    if (extent === "all") return `import coupling\n\nblock = ${wanted}  # [${list(block.shape)}]\n`;
    const name = find(state.family).functions[state.basis], numbers = list([...state.path, ...state.m]);
    const plain = isOurs(state) && name && block.name === state.family;
    const exact = `coupling.families.family("${block.name}").exact("${state.basis}")`;
    const lines = ["import coupling", "", `# ${text(value)}`];
    if (plain) lines.push(`exact = coupling.exact.${name}(${numbers})`);
    else if (isOurs(state)) lines.push(`exact = ${exact}(${numbers})`);
    lines.push(`value = ${wanted}[${list(indices(state, state.m))}]`);
    return `${lines.join("\n")}\n`;
  }

  // -- C

  const literal = number => (Number.isInteger(number) ? number.toFixed(1) : String(number));

  function c(state, block, value, extent) {
    const imaginary = (extent === "all" ? block.entries.some(e => e.value.unit) : value.unit) ? ", divided by i" : "";
    const where = `${state.basis} basis, convention ${state.convention}`;
    const about = `${block.name}, degrees ${list(state.path)}`;
    const stem = [block.name.replace(/-/g, "m").replace(/\W+/g, "_"), ...state.path].join("_");
    if (extent === "one") {
      return `/* ${about}, orders ${list(state.m)}: ${text(value)}${imaginary}\n   ${where} */\n` +
        `static const double ${stem} = ${literal(float(value))};\n`;
    }
    const conv = conventionOf(state.convention);
    const lines = block.entries.map(e => `    [${e.at.join("][")}] = ${literal(float(e.value))}, /* ${text(e.value)} */`);
    const axes = conv.slots.map(slot => `m${slot + 1}`).join("][");
    const body = lines.length ? lines.join("\n") : "    {{0.0}},";
    return `/* ${about}: [${axes}]${imaginary}\n   ${where} */\n` +
      `static const double ${stem}[${block.shape.join("][")}] = {\n${body}\n};\n`;
  }

  // -- LaTeX

  function symbol(state, m) {
    const record = find(state.family), conv = conventionOf(state.convention);
    const letter = state.basis === "complex" ? "Y" : isOurs(state) ? "R" : "H";
    if (record.core && state.basis === "real") return `C^{${state.path.join("\\,")}}_{${m.join("\\,")}}`;
    let result = record.symbol.replace(/l_(\d)m_(\d)/g, (_, l, k) => `${state.path[l - 1]}\\,${m[k - 1]}`);
    result = result.replace(/Y_(\d)/g, (_, k) => {
      const star = record.integral && state.basis === "complex" && state.conjugate.includes(Number(k)) ? "^*" : "";
      return `${letter}_{${state.path[k - 1]},${m[k - 1]}}${star}`;
    });
    result = result.replace(/l_(\d)/g, (_, k) => state.path[k - 1]).replace(/m_(\d)/g, (_, k) => m[k - 1]);
    result = result.replace(/s_(\d)/g, (_, k) => state.spins[k - 1]);
    return record.integral || state.basis === "complex" ? result : `${result}_{\\mathrm{real}}`;
  }

  function tex(state, block, value, extent) {
    if (extent === "one") return `${symbol(state, state.m)} = ${latex(value)}\n`;
    const lines = block.entries.map(e => `  ${symbol(state, e.m)} &= ${latex(e.value)}`);
    return `\\begin{aligned}\n${lines.join(" \\\\\n")}\n\\end{aligned}\n`;
  }

  return { python, c, latex: tex, indices };
})();
