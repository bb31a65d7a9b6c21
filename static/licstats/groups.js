// Pick lists: one box ticks all that are shown, and Shift ticks a range.
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
