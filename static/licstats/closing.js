// The X of a row opens its preview in a dialog over the page. Without this file it is a link to the same as a page.
(() => {
  "use strict";
  let dialog = null;
  let opener = "";

  function build() {
    dialog = document.createElement("dialog");
    dialog.className = "close-dialog";
    dialog.setAttribute("aria-labelledby", "close-title");
    const body = document.createElement("div");
    body.id = "close-dialog-body";
    dialog.append(body);
    document.body.append(dialog);
    dialog.addEventListener("close", () => {
      body.replaceChildren();
      const link = opener && document.querySelector(`a[href="${CSS.escape(opener)}"]`); // the row may be drawn anew
      if (link) link.focus();
    });
  }

  async function open(address) {
    if (!dialog) build();
    opener = address;
    await window.htmx.ajax("GET", address, { target: "#close-dialog-body", swap: "innerHTML" });
    if (!dialog.open) dialog.showModal();
    const safe = dialog.querySelector("[autofocus]");
    if (safe) safe.focus();
  }

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("a[data-close-preview]");
    if (link && window.htmx) {
      event.preventDefault();
      open(link.getAttribute("href"));
    } else if (dialog && dialog.open && event.target.closest("[data-close-cancel]")) {
      event.preventDefault();
      dialog.close();
    }
  });
})();
