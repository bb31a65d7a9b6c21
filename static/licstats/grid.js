// Grids: what needs more than links and forms. Without this file everything works by them.
(() => {
  "use strict";

  // ---- Shift and a click on a header: one more key to sort by ------------------------------------------------
  document.addEventListener(
    "click",
    (event) => {
      const link = event.target.closest?.("a[data-adding]");
      if (!link || !event.shiftKey) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const pane = link.closest("[data-grid]");
      window.htmx.ajax("GET", link.dataset.adding, { source: link, target: pane, swap: "live", headers: { "X-Grid-Choice": "sort" } });
    },
    true,
  );

  // ---- what was chosen by hand is kept for this login, and nothing else that the link says ---------------------
  const CHOICES = [["[data-adding]", "sort"], [".sizes", "per_page"]];
  document.addEventListener("htmx:configRequest", (event) => {
    const [, name] = CHOICES.find(([links]) => event.detail.elt.closest?.(links)) || [];
    if (name) event.detail.headers["X-Grid-Choice"] = name;
  });

  // ---- filters that licstats did not answer are sent again as soon as it answers anything ------------------------
  const unanswered = new Set();
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr } = event.detail;
    const answered = xhr.status > 0 && xhr.status < 500;
    if (elt.matches?.("[data-grid-filters]")) {
      if (answered) unanswered.delete(elt);
      else unanswered.add(elt);
    } else if (answered) {
      for (const form of unanswered) window.htmx.trigger(form, "submit");
    }
  });

  // ---- filters: nothing that is empty goes into the URL; what a chip took away leaves its input -------------------
  // The page box shows the page that came, which is the last one where the one asked for is beyond it.
  const unsent = new Set(); // forms in which was typed since they were last sent
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("[data-grid-filters], .page-box");
    if (form) unsent.add(form);
  });
  document.addEventListener("htmx:configRequest", (event) => {
    unsent.delete(event.detail.elt);
    if (!event.detail.elt.matches?.("[data-grid-filters]")) return;
    const form = event.detail.formData;
    for (const name of new Set([...form.keys()])) {
      const values = form.getAll(name).filter((value) => value !== "");
      form.delete(name);
      for (const value of values) form.append(name, value);
    }
  });
  const typedIn = (input) => input === document.activeElement && input.type !== "checkbox" && !input.form.matches(".page-box");
  document.addEventListener("licstats:live", (event) => {
    for (const input of event.target.querySelectorAll("[data-grid-filters] .filter input, .page-box input")) {
      if (unsent.has(input.form) || unanswered.has(input.form) || typedIn(input)) continue;
      if (input.type === "checkbox") input.checked = input.hasAttribute("checked");
      else if (input.value !== (input.getAttribute("value") || "")) input.value = input.getAttribute("value") || "";
    }
  });

  // ---- pick lists: the box is ready for typing when the list opens; arrows walk through the lines -----------------
  document.addEventListener(
    "toggle",
    (event) => {
      const picker = event.target;
      if (!picker.matches?.("[data-picker]") || !picker.open) return;
      const input = picker.querySelector("input");
      input.focus();
      picker.querySelector(".options [role=alert]")?.remove(); // said of the last try, not of this one
      window.htmx.trigger(input, "fill"); // each time: what there is to choose may be another since
    },
    true,
  );
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      const picker = event.target.closest?.("[data-picker]");
      if (!picker) return;
      const words = document.createElement("p");
      words.className = "menu-title";
      words.setAttribute("role", "alert");
      words.textContent = "The list could not be loaded. Open it again to try once more.";
      picker.querySelector(".options").replaceChildren(words);
    });
  }
  document.addEventListener("keydown", (event) => {
    const picker = event.target.closest?.("[data-picker]");
    if (!picker || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
    const stops = [picker.querySelector("input"), ...picker.querySelectorAll(".options a")];
    const here = stops.indexOf(event.target);
    if (event.key === "Enter") {
      if (here !== 0) return;
      event.preventDefault();
      stops[1]?.click();
      return;
    }
    if (!picker.open) return;
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    stops[(Math.max(here, 0) + step + stops.length) % stops.length]?.focus();
  });

  // ---- the pauses of who types in one filter are one entry of the history, and the same address twice is one too ---
  let typed = null; // the filter that made the newest entry
  document.addEventListener("htmx:beforeHistoryUpdate", (event) => {
    const { history, requestConfig } = event.detail;
    const cause = requestConfig.triggeringEvent;
    const field = cause?.type === "input" ? cause.target : null;
    if (history.path === here() || (field && field === typed)) {
      history.type = "replace";
      return;
    }
    typed = field;
    leaveBehind();
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-grid-columns]")) leaveBehind();
  });
  // Where an address says nothing, the last choice of its login counts, which may be made later, and in another window.
  // So the entry that Back leads to says all that it shows.
  function leaveBehind() {
    const open = document.querySelector("[data-grid]")?.dataset.open;
    if (!open) return;
    const url = new URL(location);
    for (const [name, value] of new URLSearchParams(open)) url.searchParams.set(name, value);
    history.replaceState(history.state, "", url);
    shown = here();
  }

  // ---- Back and forward: the page of that URL, drawn anew ---------------------------------------------------------
  // An anchor of this page, as that of the skip link, is another entry of the history too, but no other page.
  const here = () => location.pathname + location.search;
  let shown = here();
  for (const name of ["htmx:pushedIntoHistory", "htmx:replacedInHistory"]) {
    document.addEventListener(name, () => { shown = here(); });
  }
  window.addEventListener("popstate", (event) => {
    if (here() === shown) event.stopImmediatePropagation();
    else location.reload();
  });
})();
