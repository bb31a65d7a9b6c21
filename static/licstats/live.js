/* Live panes: a part of a page that follows new readings by itself. Nothing else is needed than attributes.

   In the template (templates/parts/live.html writes these for you):

     <div id="sessions" data-live data-version="{{ version }}"
          hx-get="{{ request.get_full_path }}" hx-trigger="live" hx-target="this" hx-swap="live" hx-ext="live"> ... </div>

     data-live            ask every 5 s (data-live="10": every 10 s) while the tab is visible; never two at once;
                          not while text in it is selected
     data-live-unless     not while the page has anything that this selector finds, as an opened menu
     data-version         the version that the page shows; sent as the header X-Version. The view answers 204 when it
                          is still the same, else the whole element again (same id, new data-version), alone or in a page
     data-named="..."     what heading, title and buttons beside it go by: another one loads the page again
     data-key="..."       on rows: tells rows apart, so that they are kept, moved or replaced one by one; what a new
                          reading changed fades in once (class "changed"), what the viewer asked for does not
     data-quiet           on cells whose change is not worth a fade (time used, ages)
     data-keep            an element whose children are left alone (a graph, a menu that was opened)
     data-keep-attributes names of attributes that the viewer changed and that stay; <details open> always stays

   The swap patches what differs, so focus, scroll, text selection, opened <details> and filled inputs stay.
   Any other hx-get of the page may use hx-swap="live" hx-ext="live" too.
   An answer, 204 as well, may carry X-Read-At: an ISO time; it moves <time data-read> of the element's .pane on.
   After a swap the element gets the event "licstats:live" (draw a graph again); detail.version is the new version.

   Ages:  <time data-age datetime="ISO" [data-interval="60"]>12 s ago</time> counts by the server's clock;
          with data-interval (seconds) its class is age-fresh, age-late or age-stale, the rule of licstats/ages.py.
   Spans: in a live element, <time data-since="ISO">6 h 5 min</time> goes on by the same clock.

   Why not hx-trigger="every 5s [!document.hidden]": its condition is evaluated as code, which the
   Content-Security-Policy forbids. */
(() => {
  "use strict";
  const root = document.documentElement;
  const offset = Date.parse(root.dataset.now) - Date.now() || 0; // the server's clock less ours, in ms
  const now = () => Date.now() + offset;

  // ---- ages -------------------------------------------------------------------------------------------------
  const SPANS = [["d", 86400], ["h", 3600], ["min", 60]];
  function ago(seconds) {
    if (seconds < 5) return "just now";
    for (const [unit, size] of SPANS) {
      if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
    }
    return `${seconds} s ago`;
  }
  function count(scope = document) {
    for (const time of scope.querySelectorAll("time[data-age]")) {
      const seconds = Math.max(0, Math.floor((now() - Date.parse(time.dateTime)) / 1000));
      const words = ago(seconds);
      const text = time.querySelector("[data-age-text]") || time;
      if (text.textContent !== words) text.textContent = words;
      const interval = Number(time.dataset.interval);
      if (!interval) continue;
      const age = seconds <= 2 * interval ? "fresh" : seconds <= 5 * interval ? "late" : "stale";
      if (time.dataset.age === age) continue;
      time.dataset.age = age;
      time.classList.remove("age-fresh", "age-late", "age-stale");
      time.classList.add(`age-${age}`);
      const word = time.querySelector("[data-age-word]");
      if (word) word.textContent = age === "fresh" ? "" : age;
    }
  }

  // ---- time used goes on between two readings -----------------------------------------------------------------
  function words(seconds) {
    if (seconds < 60) return `${seconds} s`;
    const parts = [[Math.floor(seconds / 86400), "d"], [Math.floor((seconds % 86400) / 3600), "h"], [Math.floor((seconds % 3600) / 60), "min"]];
    return parts.filter(([count]) => count).map(([count, unit]) => `${count} ${unit}`).join(" ");
  }
  function goOn(scope = document) {
    if (document.hidden) return;
    for (const time of scope.querySelectorAll("[data-live] time[data-since]")) {
      const text = words(Math.max(0, Math.floor((now() - Date.parse(time.dataset.since)) / 1000)));
      if (time.textContent !== text) time.textContent = text;
    }
  }

  // ---- patching -----------------------------------------------------------------------------------------------
  const keyOf = (node) => (node.nodeType === 1 ? node.dataset.key || node.id : "") || "";
  const said = (element) => {
    const copy = element.cloneNode(true);
    for (const quiet of copy.querySelectorAll("[data-quiet]")) quiet.remove();
    return copy.textContent.replace(/\s+/g, " ");
  };
  let news = false; // whether what is being swapped is a new reading
  function flash(element) {
    if (!news) return;
    element.classList.remove("changed");
    void element.offsetWidth; // starts the fade again
    element.classList.add("changed");
  }
  function patchAttributes(from, to) {
    const kept = new Set((from.dataset.keepAttributes || "").split(" "));
    if (from.localName === "details") kept.add("open");
    if (news && from === document.activeElement) kept.add("value");
    for (const { name, value } of to.attributes) {
      if (!kept.has(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
    }
    for (const { name } of [...from.attributes]) {
      if (!kept.has(name) && !to.hasAttribute(name)) from.removeAttribute(name);
    }
  }
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
  function patchChildren(from, to) {
    const keyed = new Map();
    for (const child of from.children) if (keyOf(child)) keyed.set(keyOf(child), child);
    let place = from.firstChild;
    for (const wanted of [...to.childNodes]) {
      const key = keyOf(wanted);
      let match = key ? keyed.get(key) : place && alike(place, wanted) ? place : null;
      if (match && match.nodeName !== wanted.nodeName) match = null;
      if (!match) {
        from.insertBefore(wanted, place);
        if (wanted.nodeType === 1 && wanted.dataset.key) flash(wanted);
        continue;
      }
      if (match === place) place = place.nextSibling;
      else from.insertBefore(match, place);
      patch(match, wanted);
    }
    while (place) {
      const gone = place;
      place = place.nextSibling;
      gone.remove();
    }
  }
  function patch(from, to) {
    if (from.isEqualNode(to)) return;
    if (from.nodeType !== 1) {
      if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
      return;
    }
    const fades = from.dataset.key && said(from) !== said(to);
    patchAttributes(from, to);
    if (!from.hasAttribute("data-keep")) patchChildren(from, to);
    if (fades) flash(from);
  }
  // What had the focus, or where it is gone, what comes first in the nearest thing around it that is left.
  const STOPS = "a[href], button, input:not([type=hidden]), select, summary";
  function refocus(active, around) {
    if (!active || active === document.activeElement) return;
    const left = around.filter((element) => element.isConnected);
    const stop = active.isConnected ? active : left.map((element) => element.querySelector(STOPS)).find(Boolean);
    stop?.focus({ preventScroll: true });
  }
  function swap(target, fragment) {
    const next = target.id ? fragment.querySelector(`#${CSS.escape(target.id)}`) : fragment.firstElementChild;
    if (!next) return [];
    if (next.dataset.named !== target.dataset.named) location.reload();
    const active = document.activeElement;
    const around = [];
    for (let outer = active; outer && target.contains(outer); outer = outer.parentElement) around.push(outer);
    patch(target, next);
    refocus(active, around);
    count(target);
    goOn(target);
    target.dispatchEvent(new CustomEvent("licstats:live", { bubbles: true, detail: { version: target.dataset.version } }));
    return [target];
  }
  window.htmx.defineExtension("live", {
    isInlineSwap: (style) => style === "live",
    handleSwap: (style, target, fragment) => (style === "live" ? swap(target, fragment) : false),
  });

  // ---- asking ---------------------------------------------------------------------------------------------------
  const asked = new WeakMap();
  function busy(element) {
    const selection = window.getSelection();
    const selecting = selection && !selection.isCollapsed && element.contains(selection.anchorNode);
    const { liveUnless } = element.dataset;
    const held = liveUnless && document.querySelector(liveUnless);
    return selecting || held || element.classList.contains("htmx-request");
  }
  function tick() {
    if (document.hidden) return;
    count();
    for (const element of document.querySelectorAll("[data-live]")) {
      const every = (Number(element.dataset.live) || 5) * 1000;
      if (!asked.has(element)) asked.set(element, Date.now());
      if (Date.now() - asked.get(element) < every || busy(element)) continue;
      asked.set(element, Date.now());
      window.htmx.trigger(element, "live");
    }
  }
  document.addEventListener("htmx:configRequest", (event) => {
    const version = event.detail.elt.dataset?.version;
    if (version !== undefined && event.detail.triggeringEvent?.type === "live") event.detail.headers["X-Version"] = version;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const readAt = event.detail.xhr?.getResponseHeader("X-Read-At");
    const pane = readAt && event.detail.elt.closest(".pane");
    for (const time of pane ? pane.querySelectorAll("time[data-read]") : []) time.dateTime = readAt;
  });
  // An element that shows something else by now: a filter or a link was answered before what it had asked itself.
  const overtaken = ({ elt, path }) => elt.hasAttribute("data-version") && elt.getAttribute("hx-get") !== path;
  document.addEventListener("htmx:beforeSwap", (event) => {
    news = event.detail.requestConfig?.triggeringEvent?.type === "live";
    if (event.detail.requestConfig && overtaken(event.detail.requestConfig)) event.detail.shouldSwap = false;
    // Signed out meanwhile: the answer would be the sign-in page inside a pane.
    if (new URL(event.detail.xhr.responseURL || location.href).pathname.startsWith(root.dataset.login)) {
      event.detail.shouldSwap = false;
      location.reload();
    }
    // What the page is about was deleted or forbidden meanwhile: what it shows would be taken for now.
    const gone = event.detail.xhr.status === 404 && news;
    if (gone && new URL(event.detail.requestConfig.path, location).pathname === location.pathname) location.reload();
  });

  // ---- whether licstats answers -----------------------------------------------------------------------------------
  function offline(is) {
    const notice = document.getElementById("offline");
    if (notice) notice.hidden = !is;
  }
  for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, () => offline(true));
  document.addEventListener("htmx:afterRequest", (event) => {
    const status = event.detail.xhr?.status; // 0: no answer came, be it that nobody waits for it any more
    if (status >= 500 && event.detail.requestConfig?.triggeringEvent?.type === "live") offline(true);
    else if (status) offline(false);
  });
  document.addEventListener("visibilitychange", tick);
  setInterval(tick, 1000);
  setInterval(goOn, 15000);
})();
