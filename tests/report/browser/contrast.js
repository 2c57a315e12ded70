// The texts of a page with the least contrast, by WCAG 2.2's relative luminance.
(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  canvas.canvas.width = canvas.canvas.height = 1;
  const known = new Map();
  function pixel(colour) { // any CSS colour as red, green, blue and alpha
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  }
  const over = (top, below) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3])).concat(1);
  function luminance(colour) {
    const [r, g, b] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function behind(element) {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(pixel(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  }
  function opacity(element) {
    let share = 1;
    for (let at = element; at; at = at.parentElement) share *= parseFloat(getComputedStyle(at).opacity);
    return share;
  }
  const worst = [];
  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const box = element.getBoundingClientRect();
    if (!walker.currentNode.data.trim() || box.width < 2 || box.height < 2) continue;
    if (element.closest("script, style, title, desc, option, .sr")) continue;
    const style = getComputedStyle(element);
    const inPicture = element.ownerSVGElement !== null && element.ownerSVGElement !== undefined;
    let ground = behind(element);
    const square = inPicture && element.parentElement.querySelector(":scope > rect");
    if (square && element.parentElement.classList.contains("square")) ground = over(pixel(getComputedStyle(square).fill), ground);
    const ink = [...pixel(inPicture ? style.fill : style.color)];
    ink[3] *= opacity(element);
    const pair = [luminance(over(ink, ground)), luminance(ground)].sort((a, b) => b - a);
    texts += 1;
    worst.push({ contrast: (pair[0] + 0.05) / (pair[1] + 0.05), text: walker.currentNode.data.trim().slice(0, 40), place: element.tagName + "." + element.getAttribute("class") });
  }
  worst.sort((a, b) => a.contrast - b.contrast);
  return { texts, worst: worst.slice(0, 5) };
})()
