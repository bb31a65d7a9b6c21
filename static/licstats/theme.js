// Runs before the page is drawn, so that nothing flashes: light or dark, and how wide the navigation is.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const stored = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage is switched off: the choice lasts as long as the page
    }
  };

  function paint() {
    const choice = root.dataset.theme;
    root.dataset.bsTheme = choice === "dark" || (choice === "auto" && dark.matches) ? "dark" : "light";
    document.dispatchEvent(new CustomEvent("licstats:theme", { detail: root.dataset.bsTheme }));
  }

  root.dataset.js = "";
  root.dataset.theme = ["light", "dark"].includes(stored("licstats-theme")) ? stored("licstats-theme") : "auto";
  if (stored("licstats-navigation") === "folded") root.dataset.navigation = "folded";
  dark.addEventListener("change", paint);
  window.licstatsPaint = paint;
  paint();

  // The pages show times in the viewer's zone, which only the browser knows.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.split("; ").includes(`licstats_zone=${zone}`)) {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `licstats_zone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
  }
})();
