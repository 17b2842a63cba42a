// The sentences of scripts in the language of the page. Scripts say them in English; `make translations` collects them
// from there and writes words/<language>.js, which base.html loads before any module.
const words = globalThis.quietusWords ?? {};

const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);

/** gettext("%(count)s of %(most)s", { count: 3, most: 5 }) */
export const gettext = (text, values = {}) => filled(words[text] ?? text, values);

/** One form for 1 and one for all other numbers, as in English and German. `values` are those of both forms. */
export const ngettext = (one, many, count, values = { count }) => {
  const [single, several] = words[one] ?? [one, many];
  return filled(count === 1 ? single : several, values);
};
