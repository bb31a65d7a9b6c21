// The X of a row opens its preview in a dialog over the page. Without this file it is a link to the same as a page.
// Not htmx asks for the preview: of an answer that is an error, or that never comes, it would show nothing.
(() => {
  "use strict";
  const AT_ONCE = 200; // ms in which an answer opens the dialog by itself; a later one finds it open, and waiting
  const PATIENCE = 30000; // ms
  const LEFT = "left";
  const LATE = "late";
  let dialog = null;
  let body = null;
  let opener = "";
  let asking = null; // what can end the request that is waited for
  let untold = false; // that the dialog, which is open or was, is closed

  function build() {
    body = element("div", { id: "close-dialog-body" });
    dialog = element("dialog", { class: "close-dialog", "aria-labelledby": "close-title" }, body);
    document.body.append(dialog);
    dialog.addEventListener("cancel", leave); // at once: the close is told later, and an answer may come between
    dialog.addEventListener("close", () => {
      untold = false;
      leave();
      body.replaceChildren();
      const link = opener && document.querySelector(`a[href="${CSS.escape(opener)}"]`); // the row may be drawn anew
      if (link) link.focus();
      else document.querySelector("[data-grid] [role=region]")?.focus({ preventScroll: true }); // the row is gone
    });
  }

  // Whoever closes the dialog does not wait for an answer any more.
  function leave() {
    if (asking) asking.abort(LEFT);
  }

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function show() {
    if (!dialog.open) dialog.showModal();
    untold = true;
    const safe = dialog.querySelector("[autofocus]");
    if (safe) safe.focus();
  }

  function say(title, words, role, ...buttons) {
    const back = { class: "btn btn-secondary", href: location.href, "data-close-cancel": "", autofocus: "" };
    body.replaceChildren(
      element(
        "div",
        { class: "pane-body" },
        element("h2", { id: "close-title" }, title),
        element("p", { role }, words),
        element("div", { class: "close-buttons" }, element("a", back, "Back"), ...buttons),
      ),
    );
  }

  function sayFailed(words) {
    const again = element("button", { class: "btn btn-primary", type: "button" }, "Try again");
    again.addEventListener("click", () => open(opener));
    const cure = "Nothing was changed by it. Try again; if it stays so, tell who looks after licstats.";
    say("It could not be shown", `${words} ${cure}`, "alert", again);
    show();
  }

  // A preview, or how far a close is; or why there is none, thrown as an Error of ours.
  async function fetchPreview(address, signal) {
    const headers = { "HX-Request": "true", "HX-Current-URL": location.href };
    const answer = await fetch(address, { headers, cache: "no-store", signal });
    if (new URL(answer.url).pathname.startsWith(document.documentElement.dataset.login)) location.reload(); // signed out
    if (!answer.ok) throw new Error(`licstats could not look it up (error ${answer.status}).`);
    const text = await answer.text();
    if (!text.includes('id="close-title"')) throw new Error("What answered was not licstats.");
    return text;
  }

  function reason(error, signal) {
    if (signal.reason === LATE) return `licstats has not answered for ${PATIENCE / 1000} s.`;
    return error instanceof TypeError ? "licstats does not answer: it, or the network to it, is down." : error.message;
  }

  async function open(address) {
    if (!dialog) build();
    if (untold && !dialog.open) await new Promise((told) => dialog.addEventListener("close", told, { once: true }));
    leave();
    const mine = (asking = new AbortController());
    const timers = [setTimeout(() => mine.abort(LATE), PATIENCE), setTimeout(show, AT_ONCE)];
    opener = address;
    say("One moment…", "licstats looks it up. Nothing is closed before you confirm it.", "status");
    try {
      const preview = await fetchPreview(address, mine.signal);
      mine.signal.throwIfAborted();
      window.htmx.swap(body, preview, { swapStyle: "innerHTML" });
      show();
    } catch (error) {
      if (mine.signal.reason !== LEFT) sayFailed(reason(error, mine.signal));
    } finally {
      timers.forEach(clearTimeout);
    }
  }

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("a[data-close-preview]");
    if (link && window.htmx) {
      event.preventDefault();
      open(link.getAttribute("href"));
    } else if (dialog && dialog.open && event.target.closest("[data-close-cancel]")) {
      event.preventDefault();
      leave();
      dialog.close();
    }
  });

  // What had the focus, the button, went with the preview.
  document.addEventListener("htmx:afterSettle", (event) => {
    const place = event.detail.target;
    if (place?.id !== "close-dialog-body" || place.contains(document.activeElement)) return;
    place.querySelector("[data-close-cancel]")?.focus();
  });

  // The confirmation is sent by htmx, which leaves the form as it is when no answer, or an error, comes.
  function sayFate(event) {
    const form = event.target.closest("form.close-preview");
    if (!form) return;
    const status = event.detail.xhr && event.detail.xhr.status;
    if (status >= 400 && status < 500) sayRefused(form, status);
    else sayUnsure(form, status ? `licstats answered with error ${status}` : "licstats did not answer");
  }

  function sayUnsure(form, what) {
    complain(form, `${what}, so it is not known whether the close was asked for. See Closed Sessions before you try again.`);
  }

  // By its status it was refused before anything was done; sent again it would be refused again.
  function sayRefused(form, status) {
    const cure = "It may be from before you signed in again. Open it anew: what you typed stays.";
    complain(form, `Nothing was asked for: licstats refused this form (error ${status}). ${cure}`);
    const anew = element("button", { class: "btn btn-primary", type: "button" }, "Open it anew");
    anew.addEventListener("click", () => renew(form));
    form.querySelector("[type=submit]").replaceWith(anew);
    anew.focus();
  }

  function complain(form, words) {
    for (const earlier of form.querySelectorAll("[role=alert]")) earlier.remove();
    form.querySelector(".close-buttons").before(element("p", { class: "field-error", role: "alert" }, words));
  }

  // In the dialog or on the page of its own.
  async function renew(form) {
    const place = form.parentElement;
    try {
      const preview = await fetchPreview(place === body ? opener : location.href);
      if (!form.isConnected) return; // left meanwhile
      window.htmx.swap(place, preview, { swapStyle: "innerHTML" });
      retype(form, place.querySelector("form.close-preview"));
    } catch (error) {
      complain(form, `Nothing was asked for, and the form could not be opened anew: ${reason(error, {})}`);
    }
  }

  function retype(from, to) {
    for (const name of ["reason", "dry_run"]) {
      const [old, anew] = [from.elements[name], to?.elements[name]];
      if (old && anew) Object.assign(anew, { value: old.value, checked: old.checked });
    }
  }
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.addEventListener(name, sayFate);
})();
