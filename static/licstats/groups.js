// Pick lists: one box ticks all that are shown, and Shift ticks a range. Merged figures show their arithmetic.
"use strict";

for (const list of document.querySelectorAll("[data-pick-lists] form")) {
  const boxes = [...list.querySelectorAll("tbody input[type=checkbox]")];
  const all = list.querySelector("[data-pick-all]");
  let last = null;

  const count = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    if (all) {
      all.checked = ticked > 0 && ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    }
  };
  all?.addEventListener("change", () => {
    boxes.forEach((box) => (box.checked = all.checked));
  });
  boxes.forEach((box, place) =>
    box.addEventListener("click", (event) => {
      if (event.shiftKey && last !== null) {
        const [from, to] = [Math.min(last, place), Math.max(last, place)];
        boxes.slice(from, to + 1).forEach((other) => (other.checked = box.checked));
      }
      last = place;
      count();
    }),
  );
}

{
  const card = document.createElement("div");
  card.className = "sum-card";
  card.id = "sum-card";
  card.setAttribute("role", "status");
  card.hidden = true;
  document.body.append(card);
  let shown = null;
  let waiting = 0;
  let leaving = 0;

  const hide = () => {
    clearTimeout(waiting);
    clearTimeout(leaving);
    shown?.removeAttribute("aria-describedby");
    shown = null;
    card.hidden = true;
  };
  const place = (link) => {
    const at = link.getBoundingClientRect();
    const left = Math.min(at.right - card.offsetWidth, window.innerWidth - card.offsetWidth - 8);
    const below = at.bottom + 4;
    const fits = below + card.offsetHeight < window.innerHeight;
    card.style.left = `${Math.max(8, left)}px`;
    card.style.top = `${fits ? below : Math.max(8, at.top - card.offsetHeight - 4)}px`;
  };
  const show = async (link) => {
    shown = link;
    const answer = await fetch(link.href, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.redirected || shown !== link) return;
    card.innerHTML = await answer.text(); // our own fragment, escaped by the template
    card.hidden = false;
    link.setAttribute("aria-describedby", card.id);
    place(link);
  };
  const ask = (event) => {
    const link = event.target.closest?.("[data-sum]");
    if (link === shown || card.contains(event.target)) clearTimeout(leaving);
    if (!link || link === shown) return;
    hide();
    waiting = setTimeout(() => show(link), event.type === "focusin" ? 0 : 150);
  };
  document.addEventListener("mouseover", ask);
  document.addEventListener("focusin", ask);
  document.addEventListener("mouseout", (event) => {
    if (!event.target.closest?.("[data-sum], .sum-card")) return;
    clearTimeout(waiting);
    clearTimeout(leaving);
    leaving = setTimeout(hide, 300); // between the figure and its card is a gap to cross
  });
  document.addEventListener("focusout", hide);
  const follow = (event) => {
    if (event.target === card || !shown) return;
    if (shown !== document.activeElement) hide();
    else if (!card.hidden) place(shown); // the browser itself scrolls to what gets the focus
  };
  document.addEventListener("scroll", follow, { capture: true, passive: true });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
}
