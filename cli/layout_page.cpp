#include "cli/layout_page.h"

namespace pml::cli {

// No variables, and dark looks last: viewers that know neither show the light ones.
const std::string_view kChartStyle = R"css(
.back { fill: #ffffff }
text { fill: #1b2733; font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 11px }
text.prose { font-family: system-ui, "DejaVu Sans", sans-serif; font-size: 12px }
text.title { font-family: system-ui, "DejaVu Sans", sans-serif; font-size: 17px; font-weight: bold }
text.number { fill: #5a6773; font-size: 10px }
.grid { stroke: #e3e8ed }
.module rect { fill: #a9cbee; stroke: #5483b3 }
.frame rect { fill: #eaf2fb; stroke: #7fa3c8 }
.frame text { font-weight: bold }
.union rect { fill: #f4effa; stroke: #9575bd; stroke-dasharray: 4 2 }
.pool rect { fill: #eaf7f5; stroke: #3f9488; stroke-dasharray: 4 2 }
.union text { fill: #67438f }
.pool text { fill: #22695f }
.text rect { fill: #d3dae2; stroke: #a9b5c1 }
.text text { fill: #3c4853; font-size: 10px }
.parameter rect { fill: url(#hatched); stroke: #b9770e }
.hatch-back { fill: #fdf0d8 }
.hatch-line { stroke: #e9b65c; stroke-width: 2 }
.slot rect { fill: #e2f3e0; stroke: #3e8a3a; stroke-dasharray: 2 2 }
.room rect { fill: url(#dotted); stroke: #98a2ac; stroke-dasharray: 1 2 }
.dot-back { fill: #f7f8f9 }
.dot { fill: #98a2ac }
.argument rect { fill: #b9770e }
.free rect { fill: #8fcf88; stroke: #3e8a3a }
.scaffold rect { fill: #b3446c }
.scaffold text { fill: #97305a; font-size: 10px }
.present rect { stroke-width: 1.8 }
.absent { opacity: 0.4 }
@media (prefers-color-scheme: dark) {
  .back { fill: #14191f }
  text { fill: #e6ecf2 }
  text.number { fill: #98a6b3 }
  .grid { stroke: #29323b }
  .module rect { fill: #2c5480; stroke: #6ba0d6 }
  .frame rect { fill: #1b2836; stroke: #4d7196 }
  .union rect { fill: #231d30; stroke: #9a7cc4 }
  .pool rect { fill: #162826; stroke: #4fa79a }
  .union text { fill: #c9b2e8 }
  .pool text { fill: #8fd6ca }
  .text rect { fill: #3a444f; stroke: #5b6773 }
  .text text { fill: #ccd5de }
  .parameter rect { stroke: #e0a23c }
  .hatch-back { fill: #3a2c10 }
  .hatch-line { stroke: #7d5a1a }
  .slot rect { fill: #1a3019; stroke: #65b35f }
  .room rect { stroke: #6f7a85 }
  .dot-back { fill: #1a2027 }
  .dot { fill: #6f7a85 }
  .argument rect { fill: #f0b347 }
  .free rect { fill: #2f6b2a; stroke: #65b35f }
  .scaffold rect { fill: #e0729b }
  .scaffold text { fill: #f09dbc }
  .absent { opacity: 0.45 }
}
)css";

const std::string_view kPageStyle = R"css(
:root { color-scheme: light dark }
* { box-sizing: border-box }
body { margin: 0; height: 100vh; display: flex; flex-direction: column; background: #ffffff; color: #1b2733;
       font: 14px/1.4 system-ui, "DejaVu Sans", sans-serif }
header { padding: 10px 16px 8px }
h1 { margin: 0; font-size: 18px; overflow-wrap: anywhere }
p { margin: 2px 0; color: #5a6773 }
form { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin: 8px 0 2px }
input { font: inherit; padding: 3px 8px; width: 18em; max-width: 100% }
button { font: inherit; padding: 3px 10px; min-width: 2.4em }
output { color: #5a6773 }
.chart { flex: 1; overflow: auto; min-height: 0; border-top: 1px solid #d5dce3; border-bottom: 1px solid #d5dce3 }
.chart svg { display: block }
.axis { position: sticky; top: 0; z-index: 1 }
.legend { margin-top: 2px; max-width: 100% }
.panel { height: 9.2em; overflow: auto; padding: 8px 16px; background: #f4f6f8 }
.panel strong { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere }
.panel pre { margin: 4px 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px }
g[data-first] { cursor: default }
g.pointed rect { stroke-width: 2.6 }
g.unfound { opacity: 0.18 }
g.found { opacity: 1 }
g.current rect { stroke: #d0312d; stroke-width: 3; stroke-dasharray: none }
@media (prefers-color-scheme: dark) {
  body { background: #14191f; color: #e6ecf2 }
  p, output { color: #98a6b3 }
  .chart { border-color: #313b45 }
  .panel { background: #1b222a }
  g.current rect { stroke: #ff7b72 }
}
)css";

const std::string_view kPageScript = R"js(
"use strict";
const chart = document.querySelector(".chart");
const pictures = [...chart.querySelectorAll("svg")];
const axis = pictures[0], body = pictures[1];
const end = Number(chart.dataset.end), left = Number(chart.dataset.left), mark = chart.dataset.mark;
const columnWidth = 6.65, labelMargin = 4;
let scale = Number(chart.dataset.scale);

// A label's text takes a column for each character, two for wide ones.
const columns = text => [...text].reduce((sum, c) => sum + (c.codePointAt(0) >= 0x1100 ? 2 : 1), 0);
function fitted(text, width) {
  const room = Math.floor((width - 2 * labelMargin) / columnWidth);
  if (columns(text) <= room) return text;
  if (room < 4) return "";
  let shown = "", taken = 1;
  for (const c of text) {
    taken += columns(c);
    if (taken > room) break;
    shown += c;
  }
  return shown + "\u2026";
}

const bars = [...document.querySelectorAll("g[data-first]")].map(group => {
  const title = group.querySelector("title");
  const told = title ? title.textContent : "";
  if (title) title.remove();  // the panel shows it
  return {group, told, rect: group.querySelector("rect"), text: group.querySelector("text"),
          name: group.dataset.name || "", label: group.dataset.label || "",
          first: Number(group.dataset.first), last: Number(group.dataset.last)};
});

function gapBehind({classList}) {
  return classList.contains("member") ? 2 : classList.contains("scaffold") ? 0 : 0.5;
}
function show(bar) {
  bar.from = left + bar.first * scale;
  bar.width = Math.max(1, (bar.last + 1 - bar.first) * scale - gapBehind(bar.group));
  bar.rect.setAttribute("x", bar.from);
  bar.rect.setAttribute("width", bar.width);
  showLabel(bar);
}
// The label of a bar that begins left of what is seen stands at the left border.
function showLabel(bar) {
  if (!bar.text) return;
  const from = Math.max(bar.from, Math.min(chart.scrollLeft, bar.from + bar.width));
  const text = fitted(bar.label, bar.from + bar.width - from);
  if (bar.text.textContent !== text) bar.text.textContent = text;
  bar.text.setAttribute("x", from + labelMargin);
}

const ticks = pictures.map(picture => {
  const all = [...picture.querySelectorAll("g.tick")];
  all.slice(1).forEach(tick => tick.remove());
  return all[0];
});
function showTicks() {
  let step = 1;
  for (let i = 0; step * scale < 70; i++) step *= [2, 2.5, 2][i % 3];
  pictures.forEach((picture, i) => {
    picture.querySelectorAll("g.tick").forEach(tick => tick === ticks[i] || tick.remove());
    const view = chart.clientWidth * 2;
    const begin = Math.max(0, Math.floor((chart.scrollLeft - view) / scale / step) * step);
    const behind = Math.min(end, (chart.scrollLeft + chart.clientWidth + view) / scale);
    for (let at = begin; at <= behind; at += step) {
      const tick = at === begin ? ticks[i] : ticks[i].cloneNode(true);
      const x = left + at * scale;
      const line = tick.querySelector("line"), text = tick.querySelector("text");
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      if (text) {
        text.setAttribute("x", x + 3);
        text.textContent = (at > 0 ? mark : "") + at;
      }
      if (tick !== ticks[i]) ticks[i].after(tick);
    }
  });
}
function showAll() {
  const width = Math.max(chart.clientWidth - 2, 2 * left + end * scale);
  pictures.forEach(picture => picture.setAttribute("width", width));
  bars.forEach(show);
  showTicks();
}

function fitScale() { return Math.max(1e-9, (chart.clientWidth - 2 * left - 2) / end); }
function zoom(factor, at = chart.clientWidth / 2) {
  const slot = (chart.scrollLeft + at - left) / scale;
  scale = Math.min(Math.max(scale * factor, Math.min(fitScale(), scale)), Math.max(60, fitScale()), 4e6 / end);
  showAll();
  chart.scrollLeft = left + slot * scale - at;
}
const on = (id, event, call) => document.getElementById(id).addEventListener(event, call);
on("in", "click", () => zoom(1.5));
on("out", "click", () => zoom(1 / 1.5));
on("fit", "click", () => { scale = fitScale(); showAll(); });
chart.addEventListener("wheel", event => {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  zoom(Math.exp(-event.deltaY / 300), event.clientX - chart.getBoundingClientRect().left);
}, {passive: false});
document.addEventListener("keydown", event => {
  if (event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "+") zoom(1.5);
  else if (event.key === "-") zoom(1 / 1.5);
  else if (event.key === "0") document.getElementById("fit").click();
  else if (event.key === "/") { event.preventDefault(); document.getElementById("search").focus(); }
});
let waiting = false;
chart.addEventListener("scroll", () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    bars.forEach(showLabel);
    showTicks();
  });
});
addEventListener("resize", showAll);

const panel = document.querySelector(".panel");
const about = panel.querySelectorAll("strong, span, pre");
let pinned = null, pointed = null;
function tell(bar) {
  const lines = bar.told.split("\n");
  about[0].textContent = lines[0];
  about[1].textContent = lines.slice(1, 2).join("");
  about[2].textContent = lines.slice(2).join("\n");
  if (pointed) pointed.group.classList.remove("pointed");
  pointed = bar;
  bar.group.classList.add("pointed");
}
const barOf = new Map(bars.map(bar => [bar.group, bar]));
const pointedAt = event => barOf.get(event.target.closest("g[data-first]"));
chart.addEventListener("mouseover", event => { const bar = pointedAt(event); if (bar && !pinned) tell(bar); });
chart.addEventListener("click", event => {
  const bar = pointedAt(event);
  pinned = bar && bar !== pinned ? bar : null;
  if (bar) tell(bar);
});

const search = document.getElementById("search"), count = document.querySelector("output");
let hits = [], hit = -1;
function find() {
  const wanted = search.value.trim().toLowerCase();
  hits = wanted ? bars.filter(bar => bar.name.toLowerCase().includes(wanted)) : [];
  hit = -1;
  const found = new Set(hits);
  for (const bar of bars) {
    const {classList} = bar.group;
    classList.toggle("unfound", wanted !== "" && !found.has(bar));
    classList.toggle("found", found.has(bar));
    classList.remove("current");
  }
  count.textContent = wanted ? hits.length + " found" : "";
}
function go(step) {
  if (hits.length === 0) return;
  if (hit >= 0) hits[hit].group.classList.remove("current");
  hit = (hit + step + hits.length) % hits.length;
  const bar = hits[hit];
  bar.group.classList.add("current");
  chart.scrollLeft = bar.from + bar.width / 2 - chart.clientWidth / 2;
  chart.scrollTop = Number(bar.rect.getAttribute("y")) - chart.clientHeight / 3;
  pinned = null;
  tell(bar);
  count.textContent = (hit + 1) + " of " + hits.length;
}
search.addEventListener("input", find);
document.querySelector("form").addEventListener("submit", event => { event.preventDefault(); go(1); });
search.addEventListener("keydown", event => {
  if (event.key === "Enter" && event.shiftKey) { event.preventDefault(); go(-1); }
  if (event.key === "Escape") { search.value = ""; find(); }
});

scale = Math.max(scale, fitScale());
showAll();
)js";

}  // namespace pml::cli
