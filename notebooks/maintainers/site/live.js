// Pictures with sliders below figures of the course, in plain JavaScript.
//
//     <div class="live" data-demo="descent"></div>
//
// A demo has sliders, {name: [least, greatest, step, first value]}, and a function from their values to a picture
// (SVG, `size` is its width and height) and a sentence. It is drawn again whenever a slider moves. What it says is in WORDS.
"use strict";

const WORDS = {
  en: {
    gap: " ", formula: "The formula with these numbers",
    windows: {title: "Positions of a window", size: "size", kernel: "kernel", stride: "stride", padding: "padding",
      dilation: "dilation",
      fits: n => `The window has ${n} positions along one side, so the output is ${n}&nbsp;x&nbsp;${n}.`,
      misses: n => `The window does not fit: ${n} positions.`,
      extent: sum => `The window extends over ${sum} pixels.`},
    descent: {title: "Steps on a parabola", rate: "learning rate",
      steps: (first, last) => `The first steps lead to ${first.join(", ")}; after 12 steps w = ${last}.`,
      factor: factor => `Each step multiplies the distance to 3 by ${factor}: it `,
      grows: "grows.", shrinks: "shrinks.", stays: "stays the same."},
    difference: {title: "Error of a central difference", exponent: "exponent of δ", error: "error",
      slope: (delta, error) => `At δ = ${delta} the error of the slope is ${error}.`,
      truncation: "Here the bend of the curve matters: truncation.",
      rounding: "Here the steps between floating-point numbers matter: rounding.", both: "Both errors are small here."},
    overlap: {title: "Kernels that cover a pixel", kernel: "kernel", stride: "stride", row: row => `Along a row: ${row}.`,
      divides: (stride, kernel) => `The stride ${stride} divides the kernel ${kernel}: the counts inside are equal.`,
      repeats: (stride, kernel) => `The stride ${stride} does not divide the kernel ${kernel}: the counts inside repeat with `
        + `period ${stride}.`},
  },
  zh: {
    gap: "", formula: "代入这些数的公式",
    windows: {title: "窗口的位置", size: "图像大小", kernel: "卷积核", stride: "步幅", padding: "填充", dilation: "膨胀率",
      fits: n => `窗口沿每条边有 ${n} 个位置，所以输出是 ${n}&nbsp;x&nbsp;${n}。`,
      misses: n => `窗口放不下：${n} 个位置。`,
      extent: sum => `窗口跨越 ${sum} 个像素。`},
    descent: {title: "抛物线上的梯度下降", rate: "学习率",
      steps: (first, last) => `前三步依次到达 ${first.join("，")}；12 步之后 w = ${last}。`,
      factor: factor => `每一步把到 3 的距离乘以 ${factor}，所以距离`, grows: "变大。", shrinks: "变小。", stays: "不变。"},
    difference: {title: "中心差分的误差", exponent: "δ 的指数", error: "误差",
      slope: (delta, error) => `δ = ${delta} 时，斜率的误差是 ${error}。`,
      truncation: "这里起作用的是曲线的弯曲：截断误差。",
      rounding: "这里起作用的是浮点数的间隔：舍入误差。", both: "这里两种误差都很小。"},
    overlap: {title: "覆盖一个像素的卷积核", kernel: "卷积核", stride: "步幅", row: row => `沿着一行：${row}。`,
      divides: (stride, kernel) => `步幅 ${stride} 整除卷积核大小 ${kernel}：内部的次数都相等。`,
      repeats: (stride, kernel) => `步幅 ${stride} 不能整除卷积核大小 ${kernel}：内部的次数以 ${stride} 为周期重复。`},
  },
}[document.documentElement.lang.startsWith("zh") ? "zh" : "en"];

// Parts of a picture. Colours belong to classes, in style.css, so that they follow the theme.
const rect = (x, y, width, height, kind, opacity = 1) =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" class="${kind}" fill-opacity="${opacity}"/>`;
const dot = (x, y, radius, kind) => `<circle cx="${x}" cy="${y}" r="${radius}" class="${kind}"/>`;
const line = (points, kind) => `<polyline points="${points.join(" ")}" class="${kind}"/>`;
const label = (x, y, words, anchor = "middle") => `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
const bold = (name, value) => `<b data-name="${name}">${value}</b>`;
const range = (count, value = k => k) => Array.from({length: count}, (_, k) => value(k));

// ---- Convolution: the positions of a window -------------------------------------------------------------------------

function drawWindows({size, kernel, stride, padding, dilation}) {
  const side = size + 2 * padding;
  const extent = (kernel - 1) * dilation + 1;  // from the first to the last pixel of the window
  const output = Math.max(0, Math.floor((side - extent) / stride) + 1);
  const cell = 400 / side;
  const parts = [];
  const square = (row, column, share, kind) => parts.push(rect(
    (column + (1 - share) / 2) * cell, (row + (1 - share) / 2) * cell, share * cell, share * cell, kind));
  for (const row of range(side)) {
    for (const column of range(side)) {
      const inside = [row, column].every(k => padding <= k && k < padding + size);
      square(row, column, 1, inside ? "pixel" : "pixel zero");
    }
  }
  if (output) {
    for (const i of range(kernel)) for (const j of range(kernel)) square(i * dilation, j * dilation, 1, "tap");
    parts.push(rect(1, 1, extent * cell - 2, extent * cell - 2, "frame"));
  }
  const centre = k => k * stride + (extent - 1) / 2;
  for (const row of range(output)) for (const column of range(output)) square(centre(row), centre(column), 0.5, "value");
  return {
    size: [400, 400],
    parts,
    says: WORDS.windows[output ? "fits" : "misses"](bold("output", output)),
    formula: WORDS.windows.extent(`(${kernel} − 1) · ${dilation} + 1 = ${bold("extent", extent)}`)
      + `<br>⌊(${size} + 2 · ${padding} − ${extent}) / ${stride}⌋ + 1 = ${output}`,
  };
}

// ---- Gradient descent: steps on L = (w - 3)² ------------------------------------------------------------------------

function drawDescent({rate}) {
  const w = [0];
  for (const step of range(12)) w.push(w[step] - rate * 2 * (w[step] - 3));
  const loss = value => (value - 3) ** 2;
  const place = value => [50 * (value + 1), 240 - 14 * loss(value)];  // w from -1 to 7, L from 0 to 17
  const factor = 1 - 2 * rate;
  const words = WORDS.descent;
  return {
    size: [400, 270],
    parts: [
      line(range(81, k => place(-1 + k / 10)), "curve"),
      line(w.map(place), "steps"),
      ...w.map(value => dot(...place(value), 5, "step")),
      line([[0, 244], [400, 244]], "axis"),
      ...range(7, k => label(50 * (k + 1), 263, k)),
      label(386, 263, "w"),
      label(8, 20, "L", "start"),
    ],
    says: [words.steps(range(3, k => bold(`w${k + 1}`, w[k + 1].toFixed(3))), bold("w12", w[12].toFixed(3))),
      words.factor(bold("factor", factor.toFixed(2)))
      + words[Math.abs(factor) > 1 ? "grows" : Math.abs(factor) < 1 ? "shrinks" : "stays"]].join(WORDS.gap),
  };
}

// ---- Gradient check: the error of a central difference --------------------------------------------------------------

const slope = 1 - Math.tanh(1) ** 2;
const errorOf = delta => Math.abs((Math.tanh(1 + delta) - Math.tanh(1 - delta)) / (2 * delta) - slope);

function drawDifference({exponent}) {
  const place = e => [62 + 24 * (e + 14), 20 - 15 * Math.log10(Math.max(errorOf(10 ** e), 1e-14))];  // logarithmic axes
  const [x, y] = place(exponent);
  const words = WORDS.difference;
  return {
    size: [400, 270],
    parts: [
      line([[62, 10], [62, 235], [395, 235]], "axis"),
      ...[-2, -6, -10].map(e => label(57, 25 - 15 * e, `1e${e}`, "end")),
      ...[-14, -10, -6, -2].map(e => label(62 + 24 * (e + 14), 254, `1e${e}`)),
      label(395, 254, "δ", "end"),
      label(70, 22, words.error, "start"),
      line(range(53, k => place(-14 + k / 4)), "curve"),
      dot(x, y, 7, "step"),
    ],
    says: [words.slope((10 ** exponent).toExponential(1), bold("error", errorOf(10 ** exponent).toExponential(2))),
      words[exponent > -4.75 ? "truncation" : exponent < -5.25 ? "rounding" : "both"]].join(WORDS.gap),
  };
}

// ---- Transposed convolution: how many kernels cover each pixel ------------------------------------------------------

function drawOverlap({kernel, stride}) {
  const row = Array(3 * stride + kernel).fill(0);  // made of 4 values of x
  for (const start of range(4, k => k * stride)) for (const k of range(kernel)) row[start + k] += 1;
  const cell = 400 / row.length;
  const most = Math.max(...row) ** 2;
  const parts = row.flatMap((down, r) => row.flatMap((across, c) => [
    rect(c * cell, r * cell, cell, cell, "count", 0.55 * down * across / most),
    label((c + 0.5) * cell, (r + 0.5) * cell + 6, down * across),
  ]));
  return {
    size: [400, 400],
    parts,
    says: [WORDS.overlap.row(bold("row", row.join(" "))),
      WORDS.overlap[kernel % stride ? "repeats" : "divides"](stride, kernel)].join(WORDS.gap),
  };
}

// ---- Sliders --------------------------------------------------------------------------------------------------------

const demos = {
  windows: {draw: drawWindows, sliders: {
    size: [3, 12, 1, 6], kernel: [1, 5, 1, 3], stride: [1, 4, 1, 1], padding: [0, 3, 1, 0], dilation: [1, 3, 1, 1]}},
  descent: {draw: drawDescent, sliders: {rate: [0.01, 1.1, 0.01, 0.3]}},
  difference: {draw: drawDifference, sliders: {exponent: [-14, -1, 0.25, -1]}},
  overlap: {draw: drawOverlap, sliders: {kernel: [1, 6, 1, 3], stride: [1, 3, 1, 2]}},
};

function start(place) {
  const {draw, sliders} = demos[place.dataset.demo], words = WORDS[place.dataset.demo];
  const rows = Object.entries(sliders).map(([name, [least, greatest, step, first]]) => `<label><span>${words[name]}</span>
    <input type="range" name="${name}" min="${least}" max="${greatest}" step="${step}" value="${first}">
    <output></output></label>`);
  place.innerHTML = `<strong>${words.title}</strong> ${rows.join("")} <svg role="img"></svg> <p aria-live="polite"></p>
    <details><summary>${WORDS.formula}</summary><p></p></details>`;
  const inputs = [...place.querySelectorAll("input")];
  const [svg, says, details] = ["svg", "p", "details"].map(name => place.querySelector(name));

  function redraw() {
    const picture = draw(Object.fromEntries(inputs.map(input => [input.name, Number(input.value)])));
    for (const input of inputs) input.nextElementSibling.textContent = input.value;
    svg.setAttribute("viewBox", `0 0 ${picture.size.join(" ")}`);
    svg.innerHTML = picture.parts.join("");
    says.innerHTML = picture.says;
    svg.setAttribute("aria-label", `${words.title}. ${says.textContent}`);
    details.hidden = !picture.formula;  // folded: it answers an exercise
    details.lastChild.innerHTML = picture.formula ?? "";
  }

  place.addEventListener("input", redraw);
  redraw();
}

document.querySelectorAll(".live").forEach(start);
