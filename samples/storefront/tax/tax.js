// Tax rules. Every instance knows the rules of all destinations. Who asks an instance, and so whose lines are in its
// book, is decided by the composition's links.
//
// Numbers are safe: a net amount above LIMIT is refused, and `net * basisPoints` stays below 2^53.

const LIMIT = 100_000_000_000; // cents

const rules = {
  DE: { standard: 1900, reduced: { book: 700 } },
  FR: { standard: 2000, reduced: { book: 550 } },
  IE: { standard: 2300, exempt: { book: "printed books are zero-rated" } },
  "US-CA": { standard: 725 },
  "US-NY": { standard: 400, exempt: { clothing: "clothing under $110" }, exemptBelow: 11_000 },
  "US-OR": { standard: 0 },
};

// The module's state is the instance's memory: two instances have two books.
const book = { lines: 0, net: 0, tax: 0 };

function treat(rule, { tags, net }) {
  const exempted = tags.find((tag) => rule.exempt?.[tag]);
  if (exempted && net < (rule.exemptBelow ?? Infinity)) {
    return { treatment: { tag: "exempt", val: rule.exempt[exempted] }, basisPoints: 0 };
  }
  const reduced = tags.find((tag) => rule.reduced?.[tag]);
  if (reduced) {
    return { treatment: { tag: "reduced", val: `rate for ${reduced}s` }, basisPoints: rule.reduced[reduced] };
  }
  return { treatment: { tag: "standard" }, basisPoints: rule.standard };
}

export const rates = {
  assess(sale) {
    const rule = Object.hasOwn(rules, sale.destination) ? rules[sale.destination] : undefined;
    // What is thrown is the error of the WIT function's result.
    if (!rule) throw { tag: "unknown-destination", val: sale.destination };
    if (sale.net > LIMIT) throw { tag: "too-large", val: LIMIT };

    const { treatment, basisPoints } = treat(rule, sale);
    const amount = Math.floor((sale.net * basisPoints + 5_000) / 10_000);
    book.lines += 1;
    book.net += sale.net;
    book.tax += amount;
    return { entry: book.lines, treatment, basisPoints, amount };
  },

  totals() {
    return { ...book };
  },
};
