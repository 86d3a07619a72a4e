// Exact coefficients: i^unit · sign · √(num/den) · π^(-pi/2) with whole numbers of any length, as coupling.exact has them.
"use strict";

const Exact = (() => {
  let data;
  const gcd = (a, b) => { while (b) [a, b] = [b, a % b]; return a; };
  const abs = n => (n < 0n ? -n : n);

  function surd(signed, den = 1n, pi = 0, unit = 0) {
    signed = BigInt(signed); den = BigInt(den);
    if (signed === 0n) return { sign: 0, num: 0n, den: 1n, pi: 0, unit: 0 };
    const common = gcd(abs(signed), den);
    return { sign: signed < 0n ? -1 : 1, num: abs(signed) / common, den: den / common, pi, unit };
  }
  const parse = parts => (parts ? surd(...parts) : surd(0));
  function times(a, b) {
    const sign = a.sign * b.sign * (a.unit && b.unit ? -1 : 1);
    return surd(BigInt(sign) * a.num * b.num, a.den * b.den, a.pi + b.pi, a.unit ^ b.unit);
  }
  const signed = (a, sign) => times(a, surd(sign));

  function isqrt(n) {  // Newton, from above
    if (n < 2n) return n;
    let x = 1n << BigInt((n.toString(2).length + 1) >> 1);
    for (;;) {
      const next = (x + n / x) >> 1n;
      if (next >= x) return x;
      x = next;
    }
  }
  const root = n => { const r = isqrt(n); return r * r === n ? r : null; };

  // π·2^400, from Machin's 16 arctan(1/5) - 4 arctan(1/239), 40 bits more inside
  const BITS = 400n;
  const PI = (() => {
    const one = 1n << (BITS + 40n);
    const arctan = q => {
      let term = one / q, sum = term;
      for (let k = 3n, sign = -1n; term; k += 2n, sign = -sign) { term /= q * q; sum += (sign * term) / k; }
      return sum;
    };
    return (16n * arctan(5n) - 4n * arctan(239n)) >> 40n;
  })();

  // The size, correctly rounded: the root with 160 bits at least, whose conversion to a double rounds to nearest.
  function size(a) {
    if (!a.sign) return 0;
    let num = a.num, den = a.den;
    for (let k = 0; k < Math.abs(a.pi); k++) {
      if (a.pi > 0) { num <<= BITS; den *= PI; } else { num *= PI; den <<= BITS; }
    }
    const lack = 320 - (num.toString(2).length - den.toString(2).length);
    const shift = Math.max(0, lack + (lack & 1));
    return Number(isqrt((num << BigInt(shift)) / den)) / 2 ** (shift / 2);
  }
  const float = a => a.sign * size(a);

  // -- texts

  function shown(a, fraction, sqrt, pis, i) {
    if (!a.sign) return "0";
    const half = a.pi & 1, n = root(a.num), d = root(a.den), power = -(a.pi - half) / 2;
    const prefix = (a.sign < 0 ? "-" : "") + (a.unit ? i : "");
    const whole = n !== null && d !== null && !half;
    return prefix + (whole ? fraction(n, d, 0) : sqrt(fraction(a.num, a.den, half))) + pis(power);
  }
  const text = a => shown(a, (n, d, p) => {
    const below = d === 1n && !p ? "" : !p ? `${d}` : d === 1n ? "π" : `(${d}π)`;
    return below ? `${n}/${below}` : `${n}`;
  }, inner => `√(${inner})`, k => (k === 0 ? "" : k === 1 ? "·π" : `·π^${k}`), "i·");
  const latex = a => shown(a, (n, d, p) => {
    const below = d === 1n && !p ? "" : !p ? `${d}` : d === 1n ? "\\pi" : `${d}\\,\\pi`;
    return below ? `\\frac{${n}}{${below}}` : `${n}`;
  }, inner => `\\sqrt{${inner}}`, k => (k === 0 ? "" : k === 1 ? "\\,\\pi" : `\\,\\pi^{${k}}`), "i\\,");
  const mathml = a => {
    const row = inner => `<mrow>${inner}</mrow>`, n = x => `<mn>${x}</mn>`, pi = "<mi>π</mi>";
    const body = shown({ ...a, sign: Math.abs(a.sign), unit: 0 }, (p, q, half) => {
      const below = q === 1n && half ? pi : n(q) + (half ? pi : "");
      return q === 1n && !half ? n(p) : `<mfrac>${row(n(p))}${row(below)}</mfrac>`;
    }, inner => `<msqrt>${inner}</msqrt>`, k => (k === 0 ? "" : k === 1 ? pi : `<msup>${pi}${n(k)}</msup>`), "");
    const front = (a.sign < 0 ? "<mo>−</mo>" : "") + (a.sign && a.unit ? "<mi>i</mi>" : "");
    return `<math displaystyle="true">${row(front + (body === "0" ? n(0) : body))}</math>`;
  };

  // -- coefficients

  const find = name => data.families.find(f => f.name === name);
  const conventionOf = name => data.conventions.find(c => c.name === name);
  const same = (a, b) => a.length === b.length && a.every((x, k) => x === b[k]);

  // What a family of these spins and conjugated slots is called.
  function textOf({ family, spins, conjugate }) {
    const record = find(family), parts = [family];
    if (record.parameters.length) parts.push(spins.join(","));
    if (!same(conjugate, record.conjugate)) parts.push(`conj=${conjugate.join(",")}`);
    return parts.join(":");
  }

  function factorOf(record, conv, core, path, number) {
    const sign = conv.improper ? -1 : 1, odd = (path[0] + path[1] + path[2]) & 1;
    let value = surd(odd ? sign : 1);
    if (record.integral) return path.reduce((v, l) => times(v, parse(conv.norms[l])), value);
    if (conv.negated.includes(number)) value = signed(value, -1);
    return core && conv.scales ? times(value, parse(conv.scales[number])) : value;
  }

  // All coefficients of a path that are not zero: their orders, their place in the array, their value.
  function block(state) {
    const { family, spins, conjugate, basis, convention, path } = state;
    const record = find(family), conv = conventionOf(convention);
    const shape = conv.slots.map(slot => 2 * path[slot] + 1);
    const number = data.paths.findIndex(p => same(p, path));
    const spun = record.parameters.length ? `${family}:${spins.join(",")}` : family;
    const reduced = number < 0 ? 0 : (data.factors[basis][spun] || [])[number];
    const result = { shape, slots: conv.slots, entries: [], name: textOf(state) };
    if (!reduced) return result;
    const isCore = record.core && same(conjugate, record.conjugate);
    const whole = times(parse(reduced), factorOf(record, conv, isCore, path, number));
    const [p, q, ...list] = data.core[basis][number];
    let place = 0;
    for (let k = 0; k < list.length; k += 2) {
      place += list[k];
      const c = 2 * path[2] + 1, b = 2 * path[1] + 1;
      const m = [Math.floor(place / (b * c)) - path[0], (Math.floor(place / c) % b) - path[1], (place % c) - path[2]];
      let sign = 1;
      if (basis === "complex") for (const slot of conjugate) { if (m[slot - 1] & 1) sign = -sign; m[slot - 1] = -m[slot - 1] || 0; }
      m.forEach((order, slot) => { sign *= conv.phases[path[slot]][order + path[slot]]; });
      const at = conv.slots.map(slot => conv.orders[path[slot]].indexOf(m[slot]));
      const value = times(whole, surd(BigInt(list[k + 1]) * BigInt(p), q));
      result.entries.push({ m: m.map(order => order || 0), at, value: signed(value, sign) });
    }
    result.entries.sort((x, y) => x.m[0] - y.m[0] || x.m[1] - y.m[1] || x.m[2] - y.m[2]);
    return result;
  }

  // Why a path has no coefficients, or null.
  function rule({ family, spins, path: [a, b, c] }) {
    const record = find(family), total = a + b + c;
    if (c < Math.abs(a - b) || c > a + b) return `the degrees ${a}, ${b}, ${c} form no triangle`;
    if (record.parity !== "all" && (total & 1) === (record.parity === "even" ? 1 : 0)) {
      return `${a} + ${b} + ${c} = ${total} is ${total & 1 ? "odd" : "even"}; ${family} lives on ${record.parity} sums`;
    }
    if (record.parameters.length && [a, b, c].some((l, k) => Math.abs(spins[k]) > l)) return "a spin is larger than its degree";
    return null;
  }

  return {
    use: value => { data = value; }, get data() { return data; },
    surd, times, float, size, text, latex, mathml, find, conventionOf, textOf, block, rule, same,
  };
})();

const useCoefficients = value => Exact.use(value);
