/* Panes can be dragged by their header to another place; the menu of each pane does the same by keyboard. */
(() => {
  "use strict";
  const board = document.querySelector("[data-dashboard]");
  if (!board) return;
  let dragged = null;
  let under = null; // the pane under the pointer, so that one that still is there after a move does not move it back
  let order = []; // as it was before the drag

  for (const header of board.querySelectorAll(".pane > .pane-header")) header.draggable = true;
  board.addEventListener("dragstart", (event) => {
    if (!event.target.closest(".pane-header")) return;
    dragged = under = event.target.closest(".pane");
    order = [...board.children];
    event.dataTransfer.effectAllowed = "move";
    dragged.classList.add("dragged");
  });
  board.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    const over = event.target.closest("[data-dashboard] > .pane");
    if (!over || over === under) return;
    under = over;
    if (over === dragged) return;
    const panes = [...board.children];
    over[panes.indexOf(dragged) < panes.indexOf(over) ? "after" : "before"](dragged);
  });
  board.addEventListener("drop", (event) => {
    if (dragged) event.preventDefault();
  });
  board.addEventListener("dragend", (event) => {
    if (!dragged) return;
    const pane = dragged;
    dragged = null;
    pane.classList.remove("dragged");
    const place = [...board.children].indexOf(pane);
    if (event.dataTransfer.dropEffect === "none") board.replaceChildren(...order); // given up, or let go elsewhere
    else if (place !== order.indexOf(pane)) send(pane, place + 1);
  });
  function send(pane, place) {
    const { form } = pane.querySelector("input[name=action][value=move]");
    const body = new FormData(form);
    body.set("place", String(place));
    // Not form.action: that is its input of this name.
    fetch(form.getAttribute("action"), { method: "POST", body, headers: { "HX-Request": "true" } })
      .then((answer) => { if (answer.status !== 204) refused(); })
      .catch(refused);
  }
  function refused() {
    board.replaceChildren(...order);
    document.getElementById("notices").append(document.querySelector("[data-not-moved]").content.cloneNode(true));
  }
})();
