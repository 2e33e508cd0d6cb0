// The summary page: ending the review, and the way back by a key.
import { post } from "./api.js";

const ended = document.getElementById("ended");

document.getElementById("end").addEventListener("click", async () => {
  try {
    await post("/end");
    ended.textContent = "The review has ended; this window can be closed.";
  } catch (error) {
    ended.textContent = error.message;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "b" && !event.ctrlKey && !event.metaKey && !event.altKey) location.href = "/";
});
