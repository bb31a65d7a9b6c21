// Names, for those who hear a page, of what Django's administration leaves without one.
"use strict";
window.addEventListener("load", () => {
  document.getElementById("searchbar")?.setAttribute("aria-label", "Search");
  for (const sign of document.querySelectorAll(".search-label-icon")) sign.setAttribute("role", "img");
  for (const input of document.querySelectorAll("p.datetime input")) {
    const whole = input.closest(".flex-container").querySelector("label, legend").textContent.trim().replace(/:$/, "");
    input.setAttribute("aria-label", `${whole}, ${input.classList.contains("vDateField") ? "date" : "time"}`);
  }
});
