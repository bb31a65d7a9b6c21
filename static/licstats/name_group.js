// Who matches the names and patterns of a user or host group, while they are typed.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const output = document.querySelector("[data-preview]");
  const members = document.getElementById("id_members");
  const token = document.querySelector("input[name=csrfmiddlewaretoken]");
  if (!output || !members || !token) return;
  let waiting = 0;
  let asked = 0;

  const ask = async () => {
    const number = ++asked;
    const content = new URLSearchParams({ members: members.value, csrfmiddlewaretoken: token.value });
    const answer = await fetch(output.dataset.preview, { method: "POST", body: content });
    if (!answer.ok || number !== asked) return;
    const matches = await answer.json();
    const sentence = document.createElement("p");
    sentence.textContent = matches.text;
    const names = document.createElement("ul");
    for (const line of [...matches.names, matches.more].filter(Boolean)) {
      names.appendChild(document.createElement("li")).textContent = line;
    }
    output.replaceChildren(sentence, names);
  };

  members.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 250);
  });
  ask();
});
