// What a screen reader goes by, and what it would find without a name.
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const words = (ids) => (ids ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join("").trim();
  const named = (element) => (element.getAttribute("aria-label") ?? "").trim() || words(element.getAttribute("aria-labelledby"));
  const unnamed = [];
  const want = (selector, isNamed) => all(selector).filter((element) => !isNamed(element))
    .forEach((element) => unnamed.push(selector + ": " + element.outerHTML.slice(0, 80)));
  want("table", (table) => (table.caption?.textContent ?? "").trim() !== "");
  want("svg", (svg) => svg.closest("[aria-hidden=true]") || (svg.getAttribute("role") === "img" && named(svg)));
  want("section, nav, [role=region], [role=group], audio", named);
  want("input, select", (field) => field.labels.length > 0);
  want("button, summary, a", (element) => element.textContent.trim() !== "");
  want(".scroll", (part) => part.tabIndex === 0);
  const ids = all("[id]").map((element) => element.id);
  const level = (heading) => parseInt(heading.tagName.slice(1), 10);
  return {
    lang: document.documentElement.lang,
    landmarks: { header: all("body > header").length, main: all("main").length, nav: all("nav").length },
    headings: all("h1, h2, h3, h4, h5, h6").map(level),
    skip: document.querySelector("a[href]").hash.slice(1),
    unnamed,
    double: ids.filter((id, place) => ids.indexOf(id) !== place),
    heads: all("th").length,
    scoped: all("th[scope]").length,
  };
})()
