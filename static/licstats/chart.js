/* Draws the graphs of a page.
 *
 * A graph is `<div class="chart" data-chart="ID"><div class="chart-canvas"></div><div data-figure="JSON">`, with a Plotly
 * figure. The live page replaces the JSON; the canvas stays, so what the reader chose (the slider's range, series
 * switched off) stays too. Colours and fonts are taken from the page.
 */
(() => {
  "use strict";

  // Plotly is large. It comes when a first figure is to be drawn, so that the page answers its reader before.
  const library = document.currentScript.dataset.plotly;
  let coming = false;
  function bringPlotly() {
    if (coming) return;
    coming = true;
    const script = document.createElement("script");
    script.src = library;
    script.onload = () => drawAll(document);
    script.onerror = () => { coming = false; };
    document.head.append(script);
  }

  const style = () => getComputedStyle(document.documentElement);
  const colour = (series) => style().getPropertyValue(`--series-${series}`).trim();

  function dressed(figure) {
    const body = getComputedStyle(document.body);
    const axis = { tickfont: { size: 11 }, gridcolor: colour("line"), linecolor: colour("line"), zerolinecolor: colour("line"), automargin: true };
    const layout = {
      ...figure.layout,
      template: null,
      font: { family: body.fontFamily, size: 12, color: body.color },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 56, r: 16, t: 28, b: 28 },
      legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", traceorder: "normal" },
      hoverlabel: { font: { family: body.fontFamily, size: 12 } },
      xaxis: { ...figure.layout.xaxis, ...axis, title: { ...figure.layout.xaxis.title, font: { size: 12 } } },
      yaxis: { ...figure.layout.yaxis, ...axis, title: { ...figure.layout.yaxis.title, font: { size: 12 } }, fixedrange: true },
    };
    if (layout.xaxis.rangeslider) {
      layout.xaxis.rangeslider = { ...layout.xaxis.rangeslider, bgcolor: "rgba(127,127,127,0.08)" };
    }
    layout.shapes = (layout.shapes || []).map((shape) => ({ ...shape, line: { color: colour("total"), width: 1, dash: "dot" } }));
    const data = figure.data.map((trace) => {
      const own = colour(trace.meta.series);
      return trace.type === "bar"
        ? { ...trace, marker: { color: own } }
        : { ...trace, line: { ...trace.line, color: own, width: trace.meta.series === "total" ? 1.5 : 2 } };
    });
    return { data, layout };
  }

  function draw(chart) {
    const source = chart.querySelector("[data-figure]");
    const canvas = chart.querySelector(".chart-canvas");
    if (!source || !canvas) return;
    const plain = JSON.parse(source.dataset.figure);
    canvas.hidden = plain.data.every((trace) => trace.x.length === 0);
    if (canvas.hidden) return;
    if (!window.Plotly) return bringPlotly();
    const figure = dressed(plain);
    Plotly.react(canvas, figure.data, figure.layout, { displayModeBar: false, responsive: true });
    const save = document.querySelector(`[data-chart-save="${chart.dataset.chart}"]`);
    if (save) save.hidden = false;
  }

  const drawAll = (root) => root.querySelectorAll("[data-chart]").forEach(draw);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-chart-save]");
    if (!button) return;
    const chart = document.querySelector(`[data-chart="${button.dataset.chartSave}"]`);
    Plotly.downloadImage(chart.querySelector(".chart-canvas"), { format: "png", scale: 2, filename: chart.dataset.chartName });
  });
  document.addEventListener("DOMContentLoaded", () => drawAll(document));
  // A graph follows its grid: another filter there is another figure here. Order and page change nothing in it.
  const VIEW = ["sort", "page", "per_page", "columns"];
  function asked(address) {
    const url = new URL(address, location.href);
    VIEW.forEach((name) => url.searchParams.delete(name));
    return url.pathname + url.search;
  }
  function follow(grid) {
    const address = grid.dataset.here || grid.getAttribute("hx-get");
    for (const graph of document.querySelectorAll(`[data-follows="${CSS.escape(grid.id)}"]`)) {
      if (!address || asked(graph.getAttribute("hx-get")) === asked(address)) continue;
      graph.setAttribute("hx-get", address);
      const pin = graph.closest(".pane")?.querySelector("[data-pin-query]");
      if (pin) pin.value = new URL(address, location.href).search;
      graph.dataset.version = "";
      htmx.process(graph);
      htmx.trigger(graph, "live");
    }
  }
  document.addEventListener("licstats:live", (event) => {
    const chart = event.target.closest("[data-chart]");
    if (chart) draw(chart);
    else if (event.target.matches("[data-grid]")) follow(event.target);
  });
  new MutationObserver(() => drawAll(document)).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
