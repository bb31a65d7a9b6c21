// The frame's own controls: navigation, light and dark, menus, notices, search by arrow keys. All of it works
// without this file, only less comfortably.
(() => {
  "use strict";
  const root = document.documentElement;
  const remember = (key, value) => {
    try {
      localStorage.setItem(key, value);
    } catch {
      // not remembered, then
    }
  };

  // ---- light and dark ----------------------------------------------------------------------------------
  const themes = ["auto", "light", "dark"];
  function labelTheme(button) {
    const choice = root.dataset.theme;
    const next = themes[(themes.indexOf(choice) + 1) % themes.length];
    button.setAttribute("aria-label", `Colours: ${choice}. Switch to ${next}.`);
    button.title = `Colours: ${choice}`;
    for (const sign of button.querySelectorAll("[data-theme-sign]")) sign.hidden = sign.dataset.themeSign !== choice;
  }
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    labelTheme(button);
    button.addEventListener("click", () => {
      root.dataset.theme = themes[(themes.indexOf(root.dataset.theme) + 1) % themes.length];
      remember("licstats-theme", root.dataset.theme);
      window.licstatsPaint();
      labelTheme(button);
    });
  }

  // ---- navigation: folded to icons where there is room, else drawn over the page -------------------------
  const navigation = document.getElementById("navigation");
  const narrow = window.matchMedia("(max-width: 899.98px)");
  const fold = document.querySelector("[data-fold]");
  function labelFold() {
    const folded = root.dataset.navigation === "folded";
    fold.setAttribute("aria-expanded", String(!folded));
    fold.title = folded ? "Unfold the navigation" : "Fold the navigation to icons";
  }
  if (fold) {
    labelFold();
    fold.addEventListener("click", () => {
      root.dataset.navigation = root.dataset.navigation === "folded" ? "" : "folded";
      remember("licstats-navigation", root.dataset.navigation);
      labelFold();
      window.dispatchEvent(new Event("resize")); // graphs take the width that is there now
    });
  }
  const opener = document.querySelector("[data-open-navigation]");
  function draw(open) {
    navigation.classList.toggle("drawn", open);
    opener.setAttribute("aria-expanded", String(open));
    document.body.classList.toggle("covered", open);
    if (open) navigation.querySelector("a").focus();
    else if (navigation.contains(document.activeElement)) opener.focus();
  }
  if (opener && navigation) {
    opener.setAttribute("role", "button");
    opener.setAttribute("aria-expanded", "false");
    opener.addEventListener("click", (event) => {
      event.preventDefault();
      draw(!navigation.classList.contains("drawn"));
    });
    document.addEventListener("click", (event) => {
      if (navigation.classList.contains("drawn") && !event.target.closest("#navigation, [data-open-navigation]")) draw(false);
    });
    narrow.addEventListener("change", () => draw(false));
  }

  // ---- menus are <details class="menu">: close on a click elsewhere and on Escape -------------------------
  function shut(menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
      else if (event.target.closest(".menu-list a[href]")) shut(menu); // chosen: the page stays, and shows it
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.menu[open]")) {
        event.preventDefault(); // that is all that it closes
        if (menu.contains(event.target)) shut(menu);
        else menu.open = false;
      }
      if (navigation?.classList.contains("drawn")) draw(false);
    }
    if (event.key === "/" && !event.target.closest("input, textarea, select, [contenteditable]")) {
      const search = document.getElementById("search");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    }
  });

  // ---- switches that are links: Space turns them too, as it does every switch --------------------------------
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || !event.target.matches("a[role=switch]")) return;
    event.preventDefault(); // of scrolling the page
    if (!event.repeat) event.target.click();
  });

  // ---- notices --------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const notice = event.target.closest("[data-dismiss]")?.closest(".notice");
    if (notice?.dataset.key) notice.hidden = true; // it stays away while the page says the same
    else notice?.remove();
  });

  // What was done is said for a while, and for as long as somebody is on it.
  const SAID_FOR = 8000; // ms
  for (const notice of document.querySelectorAll(".notice-success")) {
    const leave = () => {
      if (notice.matches(":hover, :focus-within")) setTimeout(leave, 1000);
      else notice.remove();
    };
    setTimeout(leave, SAID_FOR);
  }

  // ---- questions before what cannot be undone: <form data-confirm="..."> ------------------------------------
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset?.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  // ---- pane: data-maximise makes it fill the window, Escape brings it back ----------------------------------
  let large = null;
  function behind(pane) {
    const found = [];
    for (let inside = pane; inside !== document.body; inside = inside.parentElement) {
      found.push(...[...inside.parentElement.children].filter((other) => other !== inside && !other.matches("#notices, dialog")));
    }
    return found;
  }
  function mark(pane, on) {
    for (const other of behind(pane)) other.inert = on; // neither Tab nor a screen reader goes there
    pane.classList.toggle("maximised", on);
    document.body.classList.toggle("covered", on);
    for (const button of pane.querySelectorAll("[data-maximise]")) {
      button.setAttribute("aria-pressed", String(on));
      button.title = on ? "Restore (Esc)" : "Maximise";
    }
  }
  function maximise(pane, on) {
    large = on ? pane : null;
    mark(pane, on);
    window.dispatchEvent(new Event("resize"));
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-maximise]");
    const pane = button?.closest(".pane");
    if (pane) maximise(pane, pane !== large);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !large || event.defaultPrevented) return;
    // One Escape does one thing: it closes the dialog, or empties the filter, or restores the pane.
    const emptied = event.target.matches("input[type=search]") && event.target.value;
    if (!emptied && !document.querySelector("dialog[open]")) maximise(large, false);
  });
  document.addEventListener("licstats:live", () => {
    if (large?.isConnected) mark(large, true); // what was drawn anew, be it this pane, knows nothing of it
  });

  // ---- held columns: a shadow at their edge while others are scrolled under them -------------------------------
  function shade() {
    for (const box of document.querySelectorAll(".grid-scroll")) {
      const { scrollLeft: before, scrollWidth, clientWidth } = box;
      const held = before > 0 && box.querySelector("tbody .held"); // held only once it has come to its place
      const place = held && held.getBoundingClientRect().left - box.getBoundingClientRect().left;
      box.classList.toggle("under-start", before > 0);
      box.classList.toggle("under-held", Boolean(held) && place < parseFloat(getComputedStyle(held).left) + 1);
      box.classList.toggle("under-end", scrollWidth - clientWidth - before > 1);
    }
  }
  shade();
  for (const name of ["licstats:live", "htmx:afterSettle"]) document.addEventListener(name, shade);
  window.addEventListener("resize", shade);
  window.addEventListener("load", shade); // with the fonts' widths
  for (const name of ["scroll", "toggle"]) {
    const changed = (event) => event.target.closest?.(".grid-scroll") && shade();
    document.addEventListener(name, changed, { capture: true, passive: true });
  }

  // ---- search: what is found drops down under the box; arrows walk through it --------------------------------
  const box = document.getElementById("search");
  const found = document.getElementById("search-found");
  const links = () => [...found.querySelectorAll("a")];
  function hideFound() {
    found.replaceChildren();
  }
  if (box && found) {
    document.addEventListener("click", (event) => {
      if (!event.target.closest(".search")) hideFound();
    });
    box.form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        hideFound();
        box.focus();
        return;
      }
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      const stops = [box, ...links()];
      const here = stops.indexOf(document.activeElement);
      const step = event.key === "ArrowDown" ? 1 : -1;
      stops[(here + step + stops.length) % stops.length]?.focus();
      event.preventDefault();
    });
  }
})();
