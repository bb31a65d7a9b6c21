/* Panes can be dragged by their header to another place; the menu of each pane does the same by keyboard. */
(() => {
  "use strict";
  const board = document.querySelector("[data-dashboard]");
  if (!board) return;
  let dragged = null;

  for (const header of board.querySelectorAll(".pane > .pane-header")) header.draggable = true;
  board.addEventListener("dragstart", (event) => {
    dragged = event.target.closest(".pane");
    event.dataTransfer.effectAllowed = "move";
    dragged.classList.add("dragged");
  });
  board.addEventListener("dragover", (event) => {
    const over = event.target.closest("[data-dashboard] > .pane");
    if (!dragged || !over || over === dragged) return;
    event.preventDefault();
    const panes = [...board.children];
    over[panes.indexOf(dragged) < panes.indexOf(over) ? "after" : "before"](dragged);
  });
  board.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("dragged");
    const move = dragged.querySelector("input[name=action][value=move]").form;
    const body = new FormData(move);
    body.set("place", String([...board.children].indexOf(dragged) + 1));
    fetch(move.action, { method: "POST", body, headers: { "X-CSRFToken": body.get("csrfmiddlewaretoken") } })
      .then((answer) => { if (!answer.ok) location.reload(); })
      .catch(() => location.reload());
    dragged = null;
  });
})();
