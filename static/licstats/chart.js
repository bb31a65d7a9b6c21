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
        : {
            ...trace,
            line: { ...trace.line, color: own, width: trace.meta.series === "total" ? 1.5 : 2 },
            marker: { ...trace.marker, color: own },
          };
    });
    return { data, layout };
  }

  // The slider of the bars. What the reader chose with it is kept, moved to where there are bars: another filter may
  // leave fewer. The axis of licenses follows it, or the bars beside a few large ones could not be seen.
  const FEW = 6; // licenses, up to which Plotly would put marks at halves
  const slid = new WeakMap();
  function within([low, high], count) {
    const end = Math.min(high, count - 0.5);
    return [Math.max(-0.5, end - (high - low)), end];
  }
  function licenses(data, [low, high]) {
    const shown = data.filter((trace) => trace.visible !== "legendonly");
    let most = 0;
    for (let bar = Math.max(0, Math.ceil(low)); bar <= high && bar < data[0].x.length; bar++) {
      most = Math.max(most, shown.reduce((sum, trace) => sum + trace.y[bar], 0));
    }
    return { range: [0, Math.max(1, most) * 1.05], dtick: most <= FEW ? 1 : null };
  }
  function fit(canvas) {
    const axis = licenses(canvas.data, canvas.layout.xaxis.range);
    Plotly.relayout(canvas, { "yaxis.range": axis.range, "yaxis.dtick": axis.dtick });
  }
  function slide(canvas, layout, data) {
    if (slid.has(canvas)) layout.xaxis.range = within(slid.get(canvas), data[0].x.length);
    layout.xaxis.uirevision = Math.random(); // its range is kept here, not by Plotly
    Object.assign(layout.yaxis, licenses(data, layout.xaxis.range));
  }
  function follow_slider(canvas) {
    canvas.on("plotly_relayout", (change) => {
      if (!Object.keys(change).some((key) => key.startsWith("xaxis."))) return;
      slid.set(canvas, [...canvas.layout.xaxis.range]);
      fit(canvas);
    });
    canvas.on("plotly_restyle", () => fit(canvas));
  }

  function draw(chart) {
    const source = chart.querySelector("[data-figure]");
    const canvas = chart.querySelector(".chart-canvas");
    if (!source || !canvas) return;
    const plain = JSON.parse(source.dataset.figure);
    const save = document.querySelector(`[data-chart-save="${chart.dataset.chart}"]`);
    canvas.hidden = plain.data.every((trace) => trace.x.length === 0);
    if (save) save.hidden = canvas.hidden;
    if (canvas.hidden) return;
    if (!window.Plotly) return bringPlotly();
    const figure = dressed(plain);
    const bars = figure.data[0].type === "bar";
    const first = !canvas.layout;
    if (bars) slide(canvas, figure.layout, first ? figure.data : shown(figure.data, canvas.data));
    Plotly.react(canvas, figure.data, figure.layout, { displayModeBar: false, responsive: true });
    if (bars && first) follow_slider(canvas);
  }
  // The series of a new figure as the reader left those of the last one.
  const shown = (data, before) =>
    data.map((trace) => ({ ...trace, visible: before.find((old) => old.name === trace.name)?.visible ?? true }));

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
    url.searchParams.sort();
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
